import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Of two aggregators one leads; when it is killed, the other folds within ten seconds.
    @Suite struct LeaderTests {
        private static let event =
            #"{"eventId":"e1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#

        @Test("kill -9 of the leading aggregator: the other one folds within ten seconds")
        func takeover() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                let other = try await pipeline.start("aggregator")
                try await eventually(within: .seconds(60), "the first one leads and both are ready") {
                    let answers = [
                        try await get("\(roles.aggregator.url)/readyz"), try await get("\(other.url)/readyz"),
                    ]
                    let isLeading = try await Self.leads(roles.aggregator)
                    return isLeading && answers.allSatisfy { $0.status == 200 }
                }
                #expect(try await !Self.leads(other))
                #expect(try await post("\(roles.collector.url)/v1/events", Self.event).status == 202)
                try await roles.dashboard.waitUntilComplete()
                #expect(try await Self.metric("tributary_aggregator_events_folded_total", other) == 0)

                roles.aggregator.process.stop()
                let killed = ContinuousClock.now
                let second = Self.event.replacing("e1", with: "e2").replacing("ada", with: "bob")
                #expect(try await post("\(roles.collector.url)/v1/events", second).status == 202)
                try await eventually(within: .seconds(60), "the other one has folded") {
                    try await roles.dashboard.visitors("date=2025-05-01").events == 2
                }
                let took = ContinuousClock.now - killed
                print("the other aggregator had folded \(took) after the kill")
                #expect(took < .seconds(10))
                #expect(try await Self.leads(other))
                let verified = try await pipeline.run("verify", "--from", "2025-05-01", "--to", "2025-05-01")
                #expect(verified.end == .exited(0), "\(verified.output)")

                other.process.signal(SIGTERM)
                #expect(try await other.process.wait(within: .seconds(10)) == .exited(0))
                let third = try await pipeline.start("aggregator")
                try await eventually(within: .seconds(5), "a lead that was given up is taken at once") {
                    try await Self.leads(third)
                }
            }
        }

        @Test("passes made by hand beside a leading aggregator and each other succeed, and every event counts once")
        func onceBesideOthers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                for round in 0..<4 {
                    let events = (0..<50).map { Self.event.replacing("e1", with: "e\(round)-\($0)") }
                    let body = "[\(events.joined(separator: ","))]"
                    #expect(try await post("\(roles.collector.url)/v1/events", body).status == 202)
                    let passes = try await withThrowingTaskGroup { group in
                        for _ in 0..<3 { group.addTask { try await pipeline.run("aggregator", "--once") } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(passes.allSatisfy { $0.end == .exited(0) }, "\(passes)")
                }
                try await roles.dashboard.waitUntilComplete()
                #expect(try await roles.dashboard.visitors("date=2025-05-01").events == 200)
                let verified = try await pipeline.run("verify", "--from", "2025-05-01", "--to", "2025-05-01")
                #expect(verified.end == .exited(0), "\(verified.output)")
            }
        }

        @Test("without PostgreSQL passes fail, are counted, and go on when it is back")
        func outage() async throws {
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.postgresPort)
                var roles = try await Roles.start(pipeline, workers: 1)
                roles.aggregator.process.stop()
                roles.aggregator = try await pipeline.start(
                    "aggregator", ["POSTGRES_URL": pipeline.postgresURL(port: relay.port)])
                let aggregator = roles.aggregator
                try await eventually(within: .seconds(60), "it leads") { try await Self.leads(aggregator) }
                relay.cut()
                #expect(try await post("\(roles.collector.url)/v1/events", Self.event).status == 202)
                try await eventually(within: .seconds(60), "failed passes show") {
                    let failures = try await Self.metric("tributary_aggregator_failed_passes_in_a_row", aggregator)
                    return failures >= 2
                }
                try await eventually(within: .seconds(60), "it is not ready") {
                    try await get("\(aggregator.url)/readyz").status == 503
                }
                relay.restore()
                try await roles.dashboard.waitUntilComplete()
                #expect(try await roles.dashboard.visitors("date=2025-05-01").events == 1)
                try await eventually(within: .seconds(30), "it is ready again") {
                    let failures = try await Self.metric("tributary_aggregator_failed_passes_in_a_row", aggregator)
                    let status = try await get("\(aggregator.url)/readyz").status
                    return failures == 0 && status == 200
                }
            }
        }

        private static func leads(_ role: Pipeline.Role) async throws -> Bool {
            try await metric("tributary_aggregator_leader", role) == 1
        }

        private static func metric(_ name: String, _ role: Pipeline.Role) async throws -> Double {
            let text = try await get("\(role.url)/metrics").body
            return text.split(separator: "\n").filter { $0.hasPrefix("\(name) ") || $0.hasPrefix("\(name){") }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        }
    }
}
