import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Testing

@testable import Operations

/// Each test runs in a process of its own, because signals are for the whole process.
@Suite struct LifecycleTests {
    @Test(arguments: [SIGTERM, SIGINT]) func aSignalLetsServicesFinishAndReturns(signal: Int32) async {
        await #expect(processExitsWith: .exitCode(0)) { [signal] in
            endIfStuck()
            let order = Order()
            try await runServices(
                [
                    Draining(name: "first", order: order, signal: nil),
                    Draining(name: "second", order: order, signal: signal),
                ],
                logger: Logger(label: "test"))
            guard await order.ended == ["second", "first"] else { exit(9) }
            exit(0)
        }
    }

    @Test func aSecondSignalKills() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            endIfStuck()
            try await runServices([Stubborn(signals: 2)], logger: Logger(label: "test"), gracePeriod: .seconds(60))
            exit(9)
        }
    }

    @Test func whatDoesNotEndInTimeIsCancelled() async {
        await #expect(processExitsWith: .exitCode(0)) {
            endIfStuck()
            try await runServices(
                [Deaf()], logger: Logger(label: "test"), gracePeriod: .milliseconds(100))
            exit(0)
        }
    }

    @Test func whatNeverEndsIsEnded() async {
        await #expect(processExitsWith: .exitCode(1)) {
            endIfStuck()
            try await runServices(
                [Stubborn(signals: 1)], logger: Logger(label: "test"), gracePeriod: .milliseconds(100))
            exit(9)
        }
    }

    @Test func aFailureStopsTheOthersAndIsThrown() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endIfStuck()
            let order = Order()
            let sink = MemorySink()
            let logger = Logger(label: "test") { JSONLogHandler(label: $0, role: "r", level: .info, sink: sink) }
            do {
                try await runServices(
                    [Draining(name: "other", order: order, signal: nil), Failing()], logger: logger)
            } catch let failure as ServiceFailure {
                let logged = sink.lines.contains { $0.contains("service failed") && $0.contains("out of luck") }
                guard failure.service == "failing service", logged, await order.ended == ["other"] else { exit(9) }
                exit(7)
            }
            exit(8)
        }
    }

    @Test func aServiceThatReturnsUnaskedIsAFailure() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endIfStuck()
            do {
                try await runServices(
                    [Draining(name: "other", order: Order(), signal: nil), Returning()], logger: Logger(label: "test"))
            } catch let failure as ServiceFailure where failure.cause == nil && "\(failure)".contains("Returning") {
                guard !"\(failure)".contains("hunter2") else { exit(9) }
                exit(7)
            }
            exit(8)
        }
    }
}

/// Ends this process by SIGALRM when it hangs: the test fails, and no process is left behind.
private func endIfStuck() { _ = alarm(20) }

private actor Order {
    private(set) var ended: [String] = []
    func end(_ name: String) { ended.append(name) }
}

/// Waits for the shutdown, then takes a moment to finish; may send the signal itself.
private struct Draining: Service {
    let name: String
    let order: Order
    let signal: Int32?

    func run() async throws {
        if let signal { _ = kill(getpid(), signal) }
        try await gracefulShutdown()
        try await Task.sleep(for: .milliseconds(20))
        await order.end(name)
    }
}

/// Heeds neither shutdown nor cancellation; sends signals, a moment apart.
private struct Stubborn: Service {
    let signals: Int

    func run() async throws {
        for _ in 0..<signals {
            _ = kill(getpid(), SIGTERM)
            usleep(200_000)
        }
        while true { await Task.detached { _ = usleep(10_000) }.value }
    }
}

/// Heeds cancellation only.
private struct Deaf: Service {
    func run() async throws {
        _ = kill(getpid(), SIGTERM)
        try await Task.sleep(for: .seconds(60))
    }
}

private struct Failing: Service, CustomStringConvertible {
    struct Fault: Error, CustomStringConvertible { let description = "out of luck" }
    let description = "failing service"
    func run() async throws { throw Fault() }
}

private struct Returning: Service {
    let password = "hunter2"
    func run() async throws {}
}
