import Foundation
import TestSupport
import Testing

/// The four roles of a pipeline, running.
struct Roles {
    var collector: Pipeline.Role
    var workers: [Pipeline.Role]
    var aggregator: Pipeline.Role
    var dashboard: Pipeline.Role

    static func start(
        _ pipeline: Pipeline, workers: Int, _ workerEnvironment: [String: String] = [:]
    ) async throws -> Roles {
        var started: [Pipeline.Role] = []
        for _ in 0..<workers { started.append(try await pipeline.start("worker", workerEnvironment)) }
        return Roles(
            collector: try await pipeline.start("collector"), workers: started,
            aggregator: try await pipeline.start("aggregator"), dashboard: try await pipeline.start("dashboard-api"))
    }

    /// Imports the access log; only its malformed line is skipped.
    func importLog(_ pipeline: Pipeline) async throws {
        let result = try await pipeline.run("import", accessLog!, "--collector", collector.url)
        #expect(result.end == .exited(0), "\(result.output)")
        #expect(result.output.contains("9999 events accepted, 0 rejected, 1 lines malformed"))
    }

    /// Compares every number of the API with a recount, when all has been folded.
    /// - Parameter day: a day that has one more event, of one more visitor.
    func expectNumbers(_ recount: Recount, moreOn day: String? = nil) async throws {
        try await dashboard.expectNumbers(recount, moreOn: day)
    }
}

extension Pipeline.Role {
    /// Compares every number of the API with a recount, when all has been folded.
    /// - Parameter day: a day that has one more event, of one more visitor.
    func expectNumbers(_ recount: Recount, moreOn day: String? = nil) async throws {
        try await waitUntilComplete()
        let extra: Int64 = day == nil ? 0 : 1
        for (date, numbers) in recount.days {
            let answer = try await visitors("date=\(date)")
            let more: Int64 = date == day ? 1 : 0
            #expect([answer.events, answer.visitors] == numbers.map { $0 + more }, "\(date)")
            #expect(answer.exact)
        }
        let range = "from=2015-05-11&to=2015-05-24"
        let weekly = try await visitors("\(range)&interval=week")
        #expect([weekly.events, weekly.visitors] == recount.total.map { $0 + extra })
        #expect(weekly.series?.map(\.start) == ["2015-05-11", "2015-05-18"])
        for point in weekly.series ?? [] {
            let more = point.start == "2015-05-18" ? extra : 0
            #expect([point.events, point.visitors] == recount.weeks[point.start]?.map { $0 + more }, "\(point.start)")
        }
        let daily = try await visitors("\(range)&interval=day")
        #expect(daily.series?.count == 14)
        for point in daily.series ?? [] {
            let more: Int64 = point.start == day ? 1 : 0
            #expect([point.events, point.visitors] == (recount.days[point.start] ?? [0, 0]).map { $0 + more })
        }
    }
}
