import AsyncHTTPClient
import Events
import Foundation
import NIOCore
import NIOHTTP1

/// Asks the dashboard's API, as anybody would.
struct Questions {
    /// What it answers of visitors.
    struct Visitors: Decodable {
        struct Point: Decodable {
            var start: String
            var visitors: Int64
            var events: Int64
        }

        var visitors: Int64
        var events: Int64
        var completeThrough: String?
        var series: [Point]?
    }

    /// What is shown.
    struct Numbers {
        var days: [Visitors.Point]
        var weeks: [Visitors.Point]
        /// Different visitors, and events, of all days.
        var visitors: Int64
        var events: Int64
        var lastDay: String { days.last?.start ?? "" }
    }

    /// Days that are shown one by one.
    private static let shownDays = 14

    let dashboard: String

    /// Waits, a minute at most, until both servers can do their job.
    func waitUntilReady(_ collector: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        for url in [collector, dashboard] {
            while await status("\(url)/readyz") != 200 {
                guard .now < deadline else { throw SendingError(message: "\(url) did not become ready", isFinal: true) }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Waits until everything received up to a time has been counted.
    func waitUntilComplete(since time: Int64) async throws {
        var bar = ProgressBar(label: "counting", total: nil)
        let today = CivilDate(dayNumber: Int32(time / 86_400_000)).description
        while true {
            let answer = try await visitors("date=\(today)")
            let through = answer.completeThrough.flatMap { Timestamp.parse($0.utf8) }
            if let through, through >= time { return bar.finish(0, note: "done") }
            bar.update(0, note: answer.completeThrough.map { "everything up to \($0)" } ?? "…")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The last days one by one, and all weeks of a history up to today.
    func numbers(of history: History, timeZone: String) async throws -> Numbers {
        let first = day(of: history.from, timeZone)
        let today = day(of: currentMilliseconds(), timeZone)
        let shown = max(first.dayNumber, today.dayNumber - Int32(Self.shownDays) + 1)
        let days = try await visitors("from=\(CivilDate(dayNumber: shown))&to=\(today)&interval=day")
        let weeks = try await visitors("from=\(first)&to=\(today)&interval=week")
        return Numbers(
            days: days.series ?? [], weeks: weeks.series ?? [], visitors: weeks.visitors, events: weeks.events)
    }

    private func day(of time: Int64, _ timeZone: String) -> CivilDate {
        let zone = TimeZone(identifier: timeZone) ?? .gmt
        let shift = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))
        return CivilDate(dayNumber: Int32((time / 1000 + Int64(shift)) / 86_400))
    }

    private func visitors(_ query: String) async throws -> Visitors {
        let request = HTTPClientRequest(url: "\(dashboard)/api/analytics/visitors?\(query)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 4 << 20)
        guard response.status == .ok else {
            throw SendingError(
                message: "the dashboard answered \(response.status.code): \(String(buffer: body).prefix(300))",
                isFinal: true)
        }
        return try JSONDecoder().decode(Visitors.self, from: Data(body.readableBytesView))
    }

    private func status(_ url: String) async -> Int? {
        guard let response = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
        else {
            return nil
        }
        _ = try? await response.body.collect(upTo: 1 << 16)
        return Int(response.status.code)
    }
}
