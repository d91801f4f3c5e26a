import Foundation
import KafkaLog
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Ten minutes of work (`SOAK_MINUTES`: others) leave memory and descriptors as they were: `make test-long`.
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil, "run by `make test-long`"))
    struct SoakTests {
        private struct Figures {
            var memory: Double
            var descriptors: Double
        }

        @Test("memory and descriptors of a worker stay flat")
        func soak() async throws {
            let minutes = ProcessInfo.processInfo.environment["SOAK_MINUTES"].flatMap { Double($0) } ?? 10
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.mongodbPort)
                defer { withExtendedLifetime(relay) {} }
                let worker = try await pipeline.start("worker", ["MONGODB_URI": pipeline.mongodbURI(port: relay.port)])
                try await pipeline.withStores { log, store in
                    var (figures, number, round) = ([Figures](), 0, 0)
                    let end = ContinuousClock.now + .seconds(minutes * 60)
                    while .now < end {
                        try await Self.feed(log, &number)
                        round += 1
                        // Trouble is part of it: each leaves something behind, or not.
                        if round % 60 == 0 { relay.cut() }
                        if round % 60 == 4 { relay.restore() }
                        figures.append(try await Self.figures(of: worker))
                    }
                    relay.restore()
                    let count = Int64(number)
                    try await eventually(within: .seconds(300), "all \(count) are accounted for") {
                        try await store.totals().processed == count
                    }
                    let totals = try await store.totals()
                    #expect(totals.dead == count / 100 && totals.stored == count - totals.dead && totals.areBalanced)
                    Self.expectFlat(figures, events: number, minutes: minutes)
                }
            }
        }

        /// 500 events, 1 % poison, then a pause.
        private static func feed(_ log: any EventLog, _ number: inout Int) async throws {
            var records = MadeRecords(at: Int64(Date().timeIntervalSince1970 * 1_000))
            for _ in 0..<500 {
                if number % 100 == 99 { records.appendPoison(number) } else { records.append(number) }
                number += 1
            }
            try await log.produceAll(records.batch)
            // The pace of the feed; nothing is waited for.
            try await Task.sleep(for: .milliseconds(900))
        }

        private static func figures(of worker: Pipeline.Role) async throws -> Figures {
            Figures(
                memory: try await worker.sum(of: "process_resident_memory_bytes") / 1_048_576,
                descriptors: try await worker.sum(of: "process_open_fds"))
        }

        /// Compares the medians of the second and of the last fifth: the first one fills caches.
        private static func expectFlat(_ figures: [Figures], events: Int, minutes: Double) {
            func median(_ part: Int, _ value: KeyPath<Figures, Double>) -> Double {
                let size = figures.count / 5
                return figures[part * size..<(part + 1) * size].map { $0[keyPath: value] }.sorted()[size / 2]
            }
            let memory = (median(1, \.memory), median(4, \.memory))
            let descriptors = (median(1, \.descriptors), median(4, \.descriptors))
            print("soak of \(minutes) min: \(events) events, MiB \(memory), descriptors \(descriptors)")
            #expect(memory.1 <= memory.0 * 1.1 + 4)
            #expect(descriptors.1 <= descriptors.0 + 2)
        }
    }
}
