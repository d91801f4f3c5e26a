# Thin on purpose: what a target does stands in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run setup build test test-long bench fuzz tsan stack-up stack-down lint format clean

help: ## Shows this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { gsub(/\$$\$$/, "$$"); printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Builds, makes up some weeks of traffic, shows the numbers and serves until Ctrl-C; ARGS go to `tributary demo`
	@scripts/run.sh $(ARGS)

setup: ## Installs what building and testing need (apt, and a venv under .local)
	@scripts/setup.sh test

build: ## Builds the release binary, .build/release/tributary
	@scripts/setup.sh build
	swift build -c release --product tributary

test: ## Runs all tests against servers of its own; ARGS='--filter Name' narrows
	@scripts/test.sh $(ARGS)

test-long: ## The same, with the tests that take minutes
	@TRIBUTARY_TEST_LONG=1 scripts/test.sh $(ARGS)

bench: ## Measures against yardsticks on this machine; ARGS='--rows collector' narrows, ARGS=--help tells more
	@scripts/bench.sh $(ARGS)

fuzz: ## Tries the scanner under AddressSanitizer against another parser; ARGS='--seconds 300 --seed 7'
	@scripts/fuzz.sh $(ARGS)

tsan: ## Runs the conformance suites under ThreadSanitizer (a build of its own); ARGS replaces the filter
	@SWIFT_TEST_OPTIONS='--sanitize=thread --scratch-path .build-tsan' scripts/test.sh $(or $(ARGS),--filter ConformanceTests)

stack-up: ## Starts the three servers on loopback: eval "$$(make -s stack-up)"
	@scripts/stack.sh up

stack-down: ## Stops them and keeps their data; ARGS=--purge deletes it
	@scripts/stack.sh down $(ARGS)

lint: ## Checks style, imports and scripts; changes nothing
	@scripts/lint.sh

format: ## Formats the Swift files
	@scripts/lint.sh --fix

clean: ## Deletes what was built; the stack and its data stay
	rm -rf .build .build-asan .build-tsan
