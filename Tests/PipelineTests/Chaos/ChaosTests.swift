import Foundation
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Everything that may go wrong, at random, under load: `make chaos MINUTES=n`.
    @Suite(.enabled(if: chaosMinutes != nil, "run by `make chaos`"))
    struct ChaosTests {
        @Test("whatever is killed, stopped or slowed: the books balance, and the numbers are those of a recount")
        func chaos() async throws {
            let seed = UInt64(ProcessInfo.processInfo.environment["CHAOS_SEED"] ?? "") ?? .random(in: 0...UInt64.max)
            print("chaos: \(chaosMinutes!) minutes, seed \(seed)")
            try await TemporaryDirectory.with { directory in
                try await Pipeline.withPipeline { pipeline in
                    let world = try await ChaosWorld(pipeline, spill: "\(directory.path)/spill")
                    let load = try ChaosLoad(file: "\(directory.path)/sent.ndjson", clients: 6)
                    try await withThrowingTaskGroup { group in
                        for client in 0..<load.clients {
                            group.addTask { await load.send(client, to: world.collectorURL, seed: seed) }
                        }
                        defer { load.end() }
                        try await Self.rounds(pipeline, world, load, seed)
                    }
                }
            }
        }

        /// Rounds of at most four minutes, each ended by a full account.
        private static func rounds(
            _ pipeline: Pipeline, _ world: ChaosWorld, _ load: ChaosLoad, _ seed: UInt64
        ) async throws {
            let end = ContinuousClock.now + .seconds(chaosMinutes! * 60)
            var round = 0
            repeat {
                round += 1
                let start = ContinuousClock.now
                load.resume()
                try await strikes(world, until: min(end, start + .seconds(240)), seed &+ UInt64(round) &* 1_000)
                try await load.pause()
                try await account(pipeline, world, load)
                let figures = load.figures
                print(
                    "chaos: round \(round), \(start.duration(to: .now).formatted(.units(width: .narrow))): "
                        + "\(figures.sent) events sent and acknowledged, \(figures.refusals) answers refused or cut, "
                        + "\(figures.spilled) requests spilled; \(try await pipeline.totals())")
                // The broker keeps 5 MiB a partition; and a log that is another one is a thing that happens, too.
                if .now < end { try await pipeline.recreateBroker() }
            } while .now < end
            let counts = await world.counts
            let list = ChaosWorld.Fault.allCases.map { "\($0.rawValue) \(counts[$0] ?? 0)" }
            print("chaos: \(counts.values.reduce(0, +)) faults: \(list.joined(separator: ", "))")
        }

        /// Two hands strike, each at one thing after another: what is killed meets servers that are away.
        private static func strikes(
            _ world: ChaosWorld, until end: ContinuousClock.Instant, _ seed: UInt64
        ) async throws {
            try await withThrowingTaskGroup { group in
                for hand in 0..<2 {
                    group.addTask {
                        var random = SplitMix64(seed: seed &+ UInt64(hand))
                        let faults = ChaosWorld.Fault.allCases.filter { $0.rawValue.hasPrefix("kill") == (hand == 0) }
                        while .now < end {
                            try await Task.sleep(for: .milliseconds(Int.random(in: 200...6_000, using: &random)))
                            let fault = faults.randomElement(using: &random)!
                            try await world.strike(
                                fault, for: .milliseconds(Int.random(in: 500...8_000, using: &random)))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        /// Every event sent is stored once, the books balance, and all numbers are those of a recount by another program.
        private static func account(_ pipeline: Pipeline, _ world: ChaosWorld, _ load: ChaosLoad) async throws {
            let sent = Int64(load.figures.sent)
            let recount = try await Recount.ofEvents(load.file)
            #expect(recount.total[0] == sent)
            try await eventually(within: .seconds(240), "all \(sent) are stored") {
                try await pipeline.totals().stored >= sent
            }
            let dashboard = await world.roles.dashboard
            try await dashboard.waitUntilComplete(within: .seconds(240))
            try await dashboard.expectNumbers(recount)
            try await pipeline.verify()
            let totals = try await pipeline.totals()
            #expect(totals.stored == sent)
            #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced, "\(totals)")
        }
    }
}

private let chaosMinutes = ProcessInfo.processInfo.environment["CHAOS_MINUTES"].flatMap { Int($0) }
