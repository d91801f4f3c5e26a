import Foundation
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// The embedded profile: one process, one directory.
    @Suite(.enabled(if: accessLog != nil, "../shared/data/apache_logs is not there"))
    struct EmbeddedTests {
        @Test("serve gives the numbers of a recount, also after a second import, and ends when told to")
        func importTwice() async throws {
            try await Serve.withServe { serve in
                let recount = try await Recount.of(accessLog!)
                for _ in 0..<2 {
                    try await serve.importLog()
                    try await serve.dashboard.expectNumbers(recount)
                }
                try await serve.verify()
                let start = ContinuousClock.now
                #expect(try await serve.terminate() == .exited(0))
                print("serve ended \(ContinuousClock.now - start) after SIGTERM")
                try await expectBooks(serve, recount, duplicates: recount.total[0]...recount.total[0])
            }
        }

        @Test("kill -9 of serve under load: what was acknowledged is stored once, and the numbers are right")
        func kill() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            try await Serve.withServe { serve in
                let recount = try await Recount.of(accessLog!)
                for _ in 0..<5 {
                    let running = try serve.startImport(batch: 25)
                    let before = writtenBytes(serve)
                    let enough = Int.random(in: 1...3_000_000, using: &random)
                    try await eventually(within: .seconds(60), "the log grows") {
                        writtenBytes(serve) >= before + enough || running.hasEnded
                    }
                    try await serve.killAndRestart()
                    try await Serve.finish(running)
                }
                try await serve.dashboard.expectNumbers(recount)
                try await serve.verify()
                #expect(try await serve.terminate() == .exited(0))
                try await expectBooks(serve, recount, duplicates: recount.total[0] * 4...recount.total[0] * 6)
            }
        }

        @Test("a country database that is missing stops the start, and the message says which")
        func missingCountryDatabase() async throws {
            try await TemporaryDirectory.with { directory in
                let (end, output) = try await runToEnd(
                    productPath("tributary"), ["serve", "--data-dir", directory.path],
                    environment: [
                        "GEOIP_DATABASE": "/nowhere/country.mmdb", "COLLECTOR_PORT": "0", "DASHBOARD_PORT": "0",
                    ])
                #expect(end == .exited(78))
                #expect(output.contains("GEOIP_DATABASE: '/nowhere/country.mmdb' cannot be used"))
            }
        }

        @Test("a second process on the same directory is refused, and the first goes on")
        func second() async throws {
            try await Serve.withServe { serve in
                let other = try Serve.launch(serve.directory, 0, 0)
                #expect(try await other.wait(within: .seconds(10)) == .exited(78))
                #expect(
                    other.lines.contains {
                        $0.contains(
                            "the directory \(serve.directory) is in use by another process (pid \(serve.process.pid))")
                    }, "\(other.lines)")
                try await serve.waitUntilReady()
            }
        }

        /// The kernel's own record of what was called, in order: an answer leaves after the log's bytes are on disk.
        @Test(
            "fdatasync of the log precedes every acknowledgement",
            .enabled(if: canTrace, "strace is not there, or may not attach to another process"))
        func durability() async throws {
            try await Serve.withServe { serve in
                let trace = "\(serve.directory)/trace"
                let tracer = try startBothStreams(
                    "/usr/bin/strace",
                    [
                        "-f", "-y", "-s", "64", "-o", trace, "-e",
                        "trace=fdatasync,fsync,pwrite64,read,recvfrom,recvmsg,write,writev,sendto,sendmsg", "-p",
                        String(serve.process.pid),
                    ])
                _ = try await tracer.line(within: .seconds(10)) { $0.contains("attached") }
                for number in 0..<20 {
                    let event = #"{"eventId":"d\#(number)","userId":"ada","eventType":"page_view"}"#
                    #expect(try await post("\(serve.collectorURL)/v1/events", event).status == 202)
                }
                tracer.signal(SIGINT)
                _ = try await tracer.wait(within: .seconds(10))
                let calls = try Trace(String(contentsOfFile: trace, encoding: .utf8))
                #expect(calls.acknowledgements == 20)
                #expect(calls.early.isEmpty, "acknowledged before the disk had it: \(calls.early)")
            }
        }

        private func expectBooks(_ serve: Serve, _ recount: Recount, duplicates: ClosedRange<Int64>) async throws {
            let (books, events) = try await serve.readStored()
            #expect(Int64(events) == recount.total[0])
            #expect(books.allSatisfy { $0.isBalanced })
            #expect(books.reduce(0) { $0 + $1.stored } == recount.total[0])
            #expect(duplicates.contains(books.reduce(0) { $0 + $1.duplicate }))
            #expect(books.allSatisfy { $0.dead == 0 && $0.lost == 0 && $0.partition.epoch == 1 })
        }

        private func writtenBytes(_ serve: Serve) -> Int {
            ["log.db", "log.db-wal"].reduce(0) { sum, name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: "\(serve.directory)/\(name)")
                return sum + (attributes?[.size] as? Int ?? 0)
            }
        }
    }
}

/// Whether strace can be attached: where Yama restricts that, only root may.
private let canTrace: Bool = {
    let scope = try? String(contentsOfFile: "/proc/sys/kernel/yama/ptrace_scope", encoding: .utf8)
    let mayAttach = geteuid() == 0 || (scope ?? "0").hasPrefix("0")
    return mayAttach && FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
}()

/// What strace saw: whether the log's file was written and then synced between each request and its answer.
private struct Trace {
    private(set) var acknowledgements = 0
    /// Answers before which no sync of the log had succeeded since the request was read.
    private(set) var early: [String] = []

    init(_ text: String) {
        var isSynced = false
        var syncing: Set<Substring> = []
        for line in text.split(separator: "\n") {
            let thread = line.prefix { $0 != " " }
            if line.contains("POST /v1/events") {
                // A sync that began before the request was read says nothing of it.
                (isSynced, syncing) = (false, [])
            } else if line.contains("fdatasync("), line.contains("/log.db-wal>") {
                if line.contains("unfinished") {
                    syncing.insert(thread)
                } else if line.hasSuffix("= 0") {
                    isSynced = true
                }
            } else if line.contains("<... fdatasync resumed>"), syncing.remove(thread) != nil, line.hasSuffix("= 0") {
                isSynced = true
            } else if line.contains("HTTP/1.1 202") {
                acknowledgements += 1
                if !isSynced { early.append(String(line)) }
            }
        }
    }
}
