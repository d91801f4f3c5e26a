import Events
import HTTPTypes
import Operations
import Testing

@testable import DashboardAPI

/// Every parameter, good and bad. A problem names the parameter at fault.
struct VisitorsQueryTests {
    private func read(_ text: String) throws -> VisitorsQuery {
        try VisitorsQuery(
            QueryParameters(text: text, allowed: VisitorsQuery.parameters), timeZone: "Europe/Berlin")
    }

    private func date(_ text: String) -> CivilDate { CivilDate(text)! }

    @Test func aDate() throws {
        #expect(try read("date=2025-05-01").range.days == .date(date("2025-05-01")))
        #expect(try read("date=2024-02-29").range.days == .date(date("2024-02-29")))
    }

    @Test func aRange() throws {
        let (from, to) = (date("2025-04-28"), date("2025-05-04"))
        #expect(try read("from=2025-04-28&to=2025-05-04").range.days == .range(from: from, to: to, .day))
        #expect(try read("to=2025-05-04&interval=day&from=2025-04-28").range.days == .range(from: from, to: to, .day))
        #expect(try read("from=2025-04-28&to=2025-05-04&interval=week").range.days == .range(from: from, to: to, .week))
        #expect(try read("from=2025-05-04&to=2025-05-04").range.days == .range(from: to, to: to, .day))
    }

    @Test func sourceAndTimeZone() throws {
        #expect(try read("date=2025-05-01&source=my-site_2").source == "my-site_2")
        #expect(try read("date=2025-05-01&timezone=Europe/Berlin").source == nil)
    }

    @Test func whatARangeIsComparedWith() throws {
        func compared(_ text: String) throws -> SeriesRange.Days? { try read(text).compared?.range.days }
        #expect(
            try compared("from=2025-05-05&to=2025-05-11&compare=previous_period&interval=week")
                == .range(from: date("2025-04-28"), to: date("2025-05-04"), .week))
        #expect(
            try compared("from=2024-02-29&to=2024-03-01&compare=previous_year")
                == .range(from: date("2023-02-28"), to: date("2023-03-01"), .day))
        #expect(try read("from=2025-05-05&to=2025-05-11").compared == nil)
    }

    @Test func tenYearsAtMost() throws {
        #expect(throws: Never.self) { try read("from=2015-01-01&to=2025-01-07") }
        let problem = #expect(throws: Problem.self) { try read("from=2015-01-01&to=2025-01-08") }
        #expect(problem?.field == "to")
    }

    @Test(arguments: [
        ("", "date"), ("interval=day", "date"), ("source=web", "date"), ("timezone=Europe/Berlin", "date"),
        ("date=", "date"), ("date=2025-5-1", "date"), ("date=2025-02-29", "date"), ("date=2025-13-01", "date"),
        ("date=2025-00-10", "date"), ("date=today", "date"), ("date=2025-05-01T00:00", "date"),
        ("date=1969-12-31", "date"), ("date=2101-01-01", "date"), ("date= 2025-05-01", "date"),
        ("date=٢٠٢٥-٠٥-٠١", "date"), ("date=-025-05-01", "date"), ("date=2025-05-01&date=2025-05-01", "date"),
        ("date=2025-05-01&from=2025-05-01", "from"), ("date=2025-05-01&to=2025-05-01", "to"),
        ("date=2025-05-01&interval=day", "interval"), ("from=2025-05-01", "to"), ("to=2025-05-01", "from"),
        ("from=2025-05-32&to=2025-06-01", "from"), ("from=2025-05-01&to=2025-04-31", "to"),
        ("from=2025-05-02&to=2025-05-01", "to"), ("from=2025-05-01&to=2025-05-02&interval=", "interval"),
        ("from=2025-05-01&to=2025-05-02&interval=Week", "interval"),
        ("from=2025-05-01&to=2025-05-02&interval=year", "interval"),
        ("date=2025-05-01&source=", "source"), ("date=2025-05-01&source=My Site", "source"),
        ("date=2025-05-01&source=-a", "source"), ("date=2025-05-01&timezone=CET+1", "timezone"),
        ("date=2025-05-01&timezone=GMT+0200", "timezone"), ("date=2025-05-01&compare=previous_year", "compare"),
        ("from=2025-05-01&to=2025-05-02&compare=year", "compare"),
        ("from=2025-01-01&to=2025-04-03&timezone=UTC", "to"), ("from=2025-01-01&to=2025-04-03&interval=hour", "to"),
        ("date=2025-05-01&timezone=", "timezone"), ("date=2025-05-01&day=1", "day"), ("Date=2025-05-01", "Date"),
        ("date=2025-05-01&=1", ""),
    ])
    func badOnesNameTheParameter(text: String, field: String) {
        let problem = #expect(throws: Problem.self) { try read(text) }
        #expect(problem?.status == .badRequest)
        #expect(problem?.code == "invalid_parameter")
        #expect(problem?.field == field)
        #expect(problem?.detail.hasPrefix(field) == true)
    }

    /// What was asked is not sent back at length, nor with control characters.
    @Test func namesAreShownInPart() {
        let problem = #expect(throws: Problem.self) {
            try read("\u{1B}[31m" + String(repeating: "x", count: 500) + "=1")
        }
        #expect(problem?.field == "31m" + String(repeating: "x", count: 59))
    }
}
