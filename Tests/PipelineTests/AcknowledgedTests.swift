import EmbeddedStores
import Foundation
import MongoStore
import Stores
import Synchronization
import TestSupport
import Testing

extension PipelineTests {
    /// kill -9 of the collector, again and again while clients send: what was acknowledged is stored, all of it once.
    ///
    /// Clients repeat nothing here, so that no repetition hides a loss.
    struct AcknowledgedTests {
        private static let isLong = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil

        @Test("each event that serve acknowledged before it was killed is stored once")
        func embedded() async throws {
            try await Serve.withServe { serve in
                let senders = Senders(url: serve.collectorURL)
                try await senders.whileSending { random in
                    for _ in 0..<(Self.isLong ? 60 : 6) {
                        try await senders.waitForMore(.random(in: 1...400, using: &random))
                        try await serve.killAndRestart()
                    }
                    try await senders.waitForMore(50)
                }
                try await serve.dashboard.waitUntilComplete()
                #expect(try await serve.terminate() == .exited(0))
                let directory = try DataDirectory(path: serve.directory)
                let result: Result<Void, any Error>
                do { result = .success(try await senders.expectEachOnce(in: directory.raw)) } catch {
                    result = .failure(error)
                }
                await directory.close()
                try result.get()
            }
        }

        @Test(
            "each event that the collector acknowledged before it was killed is stored once",
            .enabled(if: isLong, "run by `make test-long`"))
        func distributed() async throws {
            try await Pipeline.withPipeline { pipeline in
                var roles = try await Roles.start(pipeline, workers: 1)
                let port = ["COLLECTOR_PORT": String(roles.collector.port)]
                let senders = Senders(url: roles.collector.url)
                try await senders.whileSending { random in
                    for _ in 0..<30 {
                        try await senders.waitForMore(.random(in: 1...400, using: &random))
                        roles.collector.process.stop()
                        roles.collector = try await pipeline.start("collector", port)
                    }
                    try await senders.waitForMore(50)
                }
                try await roles.dashboard.waitUntilComplete()
                try await pipeline.withRawStore { try await senders.expectEachOnce(in: $0) }
            }
        }
    }
}

/// Clients that send events, each with an id of its own, one or some at a time, and never repeat any.
private final class Senders: Sendable {
    private struct State {
        var isOver = false
        var sent = 0
        var acknowledged: Set<String> = []
    }

    private static let clients = 12
    private let url: String
    private let state = Mutex(State())

    init(url: String) { self.url = url }

    /// Sends for as long as the body takes.
    func whileSending(_ body: (inout SplitMix64) async throws -> Void) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        try await withThrowingTaskGroup { group in
            for client in 0..<Self.clients { group.addTask { await self.send(client, seed) } }
            defer { state.withLock { $0.isOver = true } }
            try await body(&random)
        }
    }

    /// Waits until so many more events are acknowledged.
    func waitForMore(_ count: Int) async throws {
        let before = state.withLock { $0.acknowledged.count }
        try await eventually(within: .seconds(120), "\(count) more events are acknowledged") {
            state.withLock { $0.acknowledged.count } >= before + count
        }
    }

    private func send(_ client: Int, _ seed: UInt64) async {
        var random = SplitMix64(seed: seed &+ UInt64(client))
        while !state.withLock({ $0.isOver }) {
            let count = Bool.random(using: &random) ? 1 : Int.random(in: 2...40, using: &random)
            let first = state.withLock { state in
                defer { state.sent += count }
                return state.sent
            }
            let ids = (first..<first + count).map { "e\($0)" }
            let events = ids.map {
                #"{"eventId":"\#($0)","userId":"u\#(Int.random(in: 0..<50, using: &random))","eventType":"t"}"#
            }
            let answer = try? await post("\(url)/v1/events", "[\(events.joined(separator: ","))]")
            guard let answer, answer.status == 202, answer.body.contains("\"accepted\":\(count),") else {
                // Between a kill and the next start nobody listens.
                try? await Task.sleep(for: .milliseconds(10))
                continue
            }
            state.withLock { $0.acknowledged.formUnion(ids) }
        }
    }

    /// Compares with what is stored: all that was acknowledged, of the rest some, nothing twice and nothing else.
    func expectEachOnce(in store: any RawEventStore) async throws {
        let (sent, acknowledged) = state.withLock { ($0.sent, $0.acknowledged) }
        var (found, lost): (Set<Position>, [String]) = ([], [])
        for number in 0..<sent {
            let event = try await store.event(source: "default", eventID: "e\(number)")
            if let event { found.insert(event.position) }
            if event == nil && acknowledged.contains("e\(number)") { lost.append("e\(number)") }
        }
        #expect(lost.isEmpty, "acknowledged and lost: \(lost.count) of \(acknowledged.count), \(lost.prefix(5))")
        let (rows, books) = try await store.withConsistentReader { reader in
            let books = try await reader.progress()
            var rows = 0
            for book in books {
                let window = OffsetWindow(partition: book.partition, offsets: book.first..<book.next)
                rows += try await reader.events(in: window).count
            }
            return (rows, books)
        }
        #expect(rows == found.count, "each id once, and no other")
        #expect(books.reduce(0) { $0 + $1.stored } == Int64(rows))
        #expect(books.allSatisfy { $0.isBalanced && $0.dead == 0 && $0.lost == 0 && $0.duplicate == 0 })
        print("\(sent) sent, \(acknowledged.count) acknowledged, \(rows) stored")
    }
}
