import Foundation
import KafkaLog
import Stores
import Synchronization
import TestSupport
import Testing

extension PipelineTests {
    /// The collector's spill, with a broker that is down for a while.
    @Suite struct SpillTests {
        /// How long the broker is down: seconds.
        private static let outage = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] == nil ? 6 : 30

        @Test("a broker that is down under load costs no event and no order, nor does kill -9 of the collector")
        func outage() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await TemporaryDirectory.with { directory in
                    // Back at the same port, as a restarted container is.
                    let settings = [
                        "SPILL_DIR": directory.path, "PRODUCE_TIMEOUT": "1s", "COLLECTOR_PORT": String(try freePort()),
                    ]
                    var collector = try await pipeline.start("collector", settings)
                    let load = SpillLoad(url: collector.url)
                    let users = try await withThrowingTaskGroup(of: (String, [String]).self) { group in
                        for client in 0..<6 { group.addTask { await load.send(client) } }
                        defer { load.end() }
                        try await eventually(within: .seconds(20), "the broker takes events") { load.acknowledged > 50 }
                        try await pipeline.broker.command("down 1")
                        try await eventually(within: .seconds(20), "events are spilled") { load.spilled > 50 }
                        for _ in 0..<2 {
                            try await Task.sleep(for: .seconds(Self.outage) / 3)
                            collector.process.stop()
                            collector = try await pipeline.start("collector", settings)
                            let before = load.spilled
                            try await eventually(within: .seconds(20), "more are spilled") {
                                load.spilled > before + 50
                            }
                            let readiness = try await get("\(collector.url)/readyz")
                            #expect(readiness.status == 200 && readiness.body.contains("spill"), "\(readiness.body)")
                        }
                        try await Task.sleep(for: .seconds(Self.outage) / 3)
                        try await pipeline.broker.command("up 1")
                        // While clients go on: it must not take a pause of theirs.
                        try await eventually(within: .seconds(60), "the spill is empty, under load") {
                            try await collector.metric("tributary_collector_spill_records") == 0
                        }
                        let before = load.direct
                        try await eventually(within: .seconds(30), "the broker takes events again") {
                            load.direct > before + 50
                        }
                        load.end()
                        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                    }
                    #expect(try await collector.metric("tributary_collector_spill_drained_events_total") > 100)
                    try await Self.check(pipeline, users)
                }
            }
        }

        /// Every event acknowledged is in the topic, each user's in order, and stored once.
        private static func check(_ pipeline: Pipeline, _ acknowledged: [String: [String]]) async throws {
            // The first of each: what was repeated comes again.
            var seen: Set<String> = []
            let found = try await topic(pipeline).filter { seen.insert($0.id).inserted }
            for (user, ids) in acknowledged {
                let wanted = Set(ids)
                #expect(ids.count > 50)
                #expect(found.filter { $0.user == user && wanted.contains($0.id) }.map(\.id) == ids, "\(user)")
            }
            let distinct = found.count
            _ = try await pipeline.start("worker")
            try await eventually(within: .seconds(60), "all \(distinct) are stored") {
                try await pipeline.totals().stored == distinct
            }
            let totals = try await pipeline.totals()
            #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced)
        }

        /// Users and events of the topic, in order within each partition.
        private static func topic(_ pipeline: Pipeline) async throws -> [(user: String, id: String)] {
            let log = try KafkaLog(
                configuration: KafkaConfiguration(
                    bootstrapServers: pipeline.broker.bootstrapServers, clientID: "test"))
            let result: Result<[(user: String, id: String)], any Error>
            do { result = .success(try await records(log)) } catch { result = .failure(error) }
            await log.close()
            return try result.get()
        }

        private static func records(_ log: KafkaLog) async throws -> [(user: String, id: String)] {
            var all: [(user: String, id: String)] = []
            let count = try await log.partitionCount(of: .userEvents)
            let extents = try await log.watermarks(of: .userEvents, partitions: Array(0..<Int32(count)))
            for (partition, extent) in extents {
                let places = (extent.low..<extent.high).map { LogOffset(partition: partition, offset: $0) }
                let batch = try await log.records(at: places, in: .userEvents)
                for index in batch.records.indices.sorted(by: { batch.records[$0].offset < batch.records[$1].offset }) {
                    let user = batch.key(at: index).map { String(decoding: $0, as: UTF8.self) } ?? ""
                    all.append((user, batch.text(.eventID, at: index) ?? ""))
                }
            }
            return all
        }

        @Test("`spill drain` gives a dead collector's events to the broker, and says how it went")
        func orphan() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await TemporaryDirectory.with { directory in
                    let settings = ["SPILL_DIR": directory.path, "PRODUCE_TIMEOUT": "1s"]
                    let drain = { try await pipeline.run(["spill", "drain", "--dir", directory.path], settings) }
                    let status = { try await pipeline.run("spill", "status", "--dir", directory.path).output }
                    let none = try await drain()
                    #expect(none.end == .exited(78) && none.output.contains("there is no spill"), "\(none.output)")

                    try await pipeline.broker.command("down 1")
                    let collector = try await pipeline.start("collector", settings)
                    for number in 0..<60 {
                        let event = #"{"eventId":"e\#(number)","userId":"u\#(number % 5)","eventType":"page_view"}"#
                        let answer = try await post("\(collector.url)/v1/events", event)
                        #expect(answer.status == 202 && answer.body.contains(#""durability":"spill""#))
                    }
                    let inUse = try await drain()
                    #expect(inUse.end == .exited(78) && inUse.output.contains("in use by another process"))
                    #expect(try await status().contains("user-events: 60 events"), "beside the collector")
                    collector.process.stop()

                    let early = try await drain()
                    #expect(early.end == .exited(1), "\(early.output)")
                    #expect(early.output.contains("0 events drained, 60 left"), "\(early.output)")
                    try await pipeline.broker.command("up 1")
                    let late = try await drain()
                    #expect(late.end == .exited(0), "\(late.output)")
                    #expect(late.output.contains("60 events drained, 0 left"), "\(late.output)")
                    #expect(try await status().contains("nothing is to be drained"))
                    let found = try await Self.topic(pipeline)
                    for user in 0..<5 {
                        let expected = stride(from: user, to: 60, by: 5).map { "e\($0)" }
                        var seen: Set<String> = []
                        let ids = found.filter { $0.user == "u\(user)" }.map(\.id).filter { seen.insert($0).inserted }
                        #expect(ids == expected)
                    }
                }
            }
        }
    }
}

/// Clients that post one event after the other, each of its own user, to a collector that may be away for a while.
private final class SpillLoad: Sendable {
    private struct State {
        var isOver = false
        var spilled = 0
        var direct = 0
    }

    private let url: String
    private let state = Mutex(State())

    init(url: String) { self.url = url }

    var spilled: Int { state.withLock { $0.spilled } }
    var direct: Int { state.withLock { $0.direct } }
    var acknowledged: Int { state.withLock { $0.spilled + $0.direct } }
    func end() { state.withLock { $0.isOver = true } }

    /// - Returns: the user, and the events acknowledged in their order. What was not acknowledged is not repeated.
    func send(_ client: Int) async -> (String, [String]) {
        let user = "user-\(client)"
        var (acknowledged, number) = ([String](), 0)
        while !state.withLock({ $0.isOver }) {
            let id = "\(user)-\(number)"
            number += 1
            let event = #"{"eventId":"\#(id)","userId":"\#(user)","eventType":"page_view"}"#
            guard let answer = try? await post("\(url)/v1/events", event), answer.status == 202 else {
                try? await Task.sleep(for: .milliseconds(20))
                continue
            }
            acknowledged.append(id)
            let isSpilled = answer.body.contains(#""durability":"spill""#)
            state.withLock { if isSpilled { $0.spilled += 1 } else { $0.direct += 1 } }
            // The mock broker keeps a few MiB a partition, and reading them back takes its time.
            try? await Task.sleep(for: .milliseconds(15))
        }
        return (user, acknowledged)
    }
}

extension Pipeline.Role {
    /// The value of a metric without labels.
    fileprivate func metric(_ name: String) async throws -> Double {
        let line = try await get("\(url)/metrics").body.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let text = line?.split(separator: " ").last, let value = Double(text) else {
            throw PipelineFailure("there is no \(name)")
        }
        return value
    }
}
