import Foundation
import Stores
import Synchronization
import TestSupport
import Testing

extension PipelineTests {
    /// What takes minutes: `make test-long`.
    @Suite(
        .enabled(if: accessLog != nil, "../shared/data/apache_logs is not there"),
        .enabled(if: ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil, "run by `make test-long`"))
    struct KillTests {
        @Test("kill -9 of any role at any time, and recreated brokers, change no number")
        func rounds() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            try await Pipeline.withPipeline { pipeline in
                let recount = try await Recount.of(accessLog!)
                var roles = try await Roles.start(pipeline, workers: 2, ["WORKER_BATCH_SIZE": "100"])
                for round in 1...50 {
                    let victims = (0..<4).map { _ in Victim.allCases.randomElement(using: &random)! }
                    try await importWhileKilling(victims, pipeline, &roles)
                    try await roles.expectNumbers(recount)
                    let totals = try await pipeline.totals()
                    #expect(totals.stored == recount.total[0])
                    #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced)
                    print("round \(round): killed \(victims.map(\.rawValue)), \(totals)")
                    if round % 3 == 0 { try await pipeline.recreateBroker() }
                }
            }
        }

        private enum Victim: String, CaseIterable {
            case collector, worker, aggregator
        }

        /// Imports the log, and meanwhile kills one role after the other, each when the books have moved on.
        private func importWhileKilling(_ victims: [Victim], _ pipeline: Pipeline, _ roles: inout Roles) async throws {
            let done = Flag()
            let collector = roles.collector
            try await withThrowingTaskGroup { group in
                group.addTask {
                    let result = try await pipeline.run("import", accessLog!, "--collector", collector.url)
                    done.raise()
                    #expect(result.end == .exited(0), "\(result.output)")
                }
                for victim in victims {
                    let before = try await pipeline.processed()
                    try await eventually(within: .seconds(60), "the books move") {
                        let now = try await pipeline.processed()
                        return now > before + 300 || done.isRaised
                    }
                    try await kill(victim, pipeline, &roles)
                }
                try await group.waitForAll()
            }
        }

        private func kill(_ victim: Victim, _ pipeline: Pipeline, _ roles: inout Roles) async throws {
            switch victim {
            case .collector:
                // The import keeps its address.
                roles.collector.process.stop()
                roles.collector = try await pipeline.start(
                    "collector", ["COLLECTOR_PORT": String(roles.collector.port)])
            case .worker:
                roles.workers.removeFirst().process.stop()
                roles.workers.append(try await pipeline.start("worker", ["WORKER_BATCH_SIZE": "100"]))
            case .aggregator:
                roles.aggregator.process.stop()
                roles.aggregator = try await pipeline.start("aggregator")
            }
        }
    }
}

extension Pipeline {
    /// Records that the books have passed, of all epochs.
    fileprivate func processed() async throws -> Int64 {
        try await books().reduce(0) { $0 + $1.next - $1.first }
    }
}

/// Raised once, by one task for another.
private final class Flag: Sendable {
    private let state = Mutex(false)

    func raise() { state.withLock { $0 = true } }
    var isRaised: Bool { state.withLock { $0 } }
}
