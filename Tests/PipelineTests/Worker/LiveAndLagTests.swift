import Foundation
import KafkaLog
import MongoStore
import Stores
import Synchronization
import TestSupport
import Testing

/// The live summaries that came.
private final class Seen: Sendable {
    private let all = Mutex<[LiveSummary]>([])

    var summaries: [LiveSummary] { all.withLock { $0 } }
    func take(_ new: [LiveSummary]) { all.withLock { $0 += new } }
}

extension PipelineTests {
    /// What workers tell of themselves while they work.
    struct LiveAndLagTests {
        private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

        @Test("two workers' summaries add up to what is stored, visitors too")
        func summaries() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await pipeline.withStores { log, store in
                    let seen = Seen()
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            try await LogLiveFeed(log: log).follow(recent: 1_000) { seen.take($0) }
                        }
                        for _ in 0..<2 { _ = try await pipeline.start("worker") }
                        try await eventually(within: .seconds(120), "all partitions are told of") {
                            Set(seen.summaries.map(\.partition)).count == 24
                        }
                        var records = MadeRecords(at: Self.now())
                        for number in 0..<1_000 { records.append(number) }
                        try await log.produceAll(records.batch)
                        try await eventually(within: .seconds(120), "all events are told of") {
                            let all = seen.summaries.compactMap { $0.sources["shop"] }
                            return all.reduce(0) { $0 + ($1.events["page_view"] ?? 0) } == 1_000
                        }
                        try await eventually(within: .seconds(60), "the latest ones tell of 200 visitors") {
                            let latest = Dictionary(seen.summaries.map { ($0.partition, $0) }) { $1 }
                            let shop = latest.values.compactMap { $0.sources["shop"] }
                            return shop.reduce(0) { $0 + $1.visitors } == 200
                        }
                        let latency = seen.summaries.compactMap { $0.sources["shop"]?.latency.total }
                        #expect(latency.reduce(0, +) == 1_000)
                        #expect(try await store.totals().stored == 1_000)
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }
            }
        }

        @Test("lag, age and time to data loss grow while the store is away, and go when it is back")
        func lag() async throws {
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.mongodbPort)
                defer { withExtendedLifetime(relay) {} }
                let worker = try await pipeline.start(
                    "worker",
                    [
                        "MONGODB_URI": pipeline.mongodbURI(port: relay.port), "WORKER_LAG_INTERVAL": "200ms",
                        "WORKER_LOG_RETENTION": "1h",
                    ])
                try await eventually(within: .seconds(120), "lag is told of all partitions") {
                    try await worker.values(of: "tributary_worker_time_to_data_loss_seconds").count == 24
                }
                #expect(try await worker.sum(of: "tributary_worker_lag_records") == 0)
                #expect(
                    try await worker.values(of: "tributary_worker_time_to_data_loss_seconds").allSatisfy { $0 == 3_600 }
                )
                relay.cut()
                try await pipeline.withStores { log, _ in
                    var records = MadeRecords(at: Self.now() - 600_000)
                    for number in 0..<100 { records.append(number, to: 5) }
                    try await log.produceAll(records.batch)
                }
                try await eventually(within: .seconds(120), "lag is told") {
                    let age = try await worker.values(of: "tributary_worker_lag_seconds").max() ?? 0
                    let rest = try await worker.values(of: "tributary_worker_time_to_data_loss_seconds").min() ?? 0
                    return try await worker.sum(of: "tributary_worker_lag_records") == 100
                        && (600...900).contains(age) && (2_700...3_000).contains(rest)
                }
                relay.restore()
                try await eventually(within: .seconds(120), "it is gone") {
                    let rest = try await worker.values(of: "tributary_worker_time_to_data_loss_seconds").min()
                    return try await worker.sum(of: "tributary_worker_lag_records") == 0 && rest == 3_600
                }
            }
        }

        @Test("serve tells lag and summaries too; what waits there is never lost to age")
        func embedded() async throws {
            try await Serve.withServe(["WORKER_LAG_INTERVAL": "200ms"]) { serve in
                try await eventually(within: .seconds(60), "lag is told of all partitions") {
                    let rest = try await serve.role.values(of: "tributary_worker_time_to_data_loss_seconds")
                    return rest.count == 24 && rest.allSatisfy { $0 == .infinity }
                }
                try await eventually(within: .seconds(60), "summaries are published") {
                    try await serve.role.sum(of: "tributary_worker_live_published_total") >= 24
                }
            }
        }
    }
}
