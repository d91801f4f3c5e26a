import Foundation
import Testing

@testable import Events

@Suite struct TimestampTests {
    private func parse(_ text: String) -> Int64? { Timestamp.parse(Array(text.utf8)) }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001z", 1), ("1969-12-31T23:59:59.999Z", -1),
            ("2025-05-01T12:00:00.25+02:00", 1_746_093_600_250), ("2025-05-01t12:00:00-03:30", 1_746_113_400_000),
            ("2025-05-01 12:00:00+00:00", 1_746_100_800_000), ("2025-05-01T12:00:00-00:00", 1_746_100_800_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2017-01-01T05:29:60.5+05:30", 1_483_228_800_500),
            ("2025-05-01T12:00:00.1239999999Z", 1_746_100_800_123), ("9999-12-31T23:59:59.999Z", Timestamp.maximum),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("1970-01-01T00:00:00+23:59", -86_340_000),
        ] as [(String, Int64)])
    func reads(_ text: String, _ time: Int64) { #expect(parse(text) == time) }

    @Test(arguments: [
        "", "2025", "2025-05-01", "2025-05-01T12:00:00", "2025-05-01T12:00Z", "2025-5-1T12:00:00Z",
        "25-05-01T12:00:00Z",
        "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-02-30T00:00:00Z", "2025-04-31T00:00:00Z",
        "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z", "2025-05-01T24:00:00Z",
        "2025-05-01T12:60:00Z", "2025-05-01T12:00:61Z", "2025-05-01T12:00:60Z", "2016-12-31T23:58:60Z",
        "2016-12-31T23:59:60+01:00", "2025-05-01T12:00:00.Z", "2025-05-01T12:00:00,5Z", "2025-05-01T12:00:00+2:00",
        "2025-05-01T12:00:00+0200", "2025-05-01T12:00:00+24:00", "2025-05-01T12:00:00+02:60", "2025-05-01T12:00:00ZZ",
        " 2025-05-01T12:00:00Z", "2025-05-01T12:00:00Z ", "2025-05-01T12:00:00 Z", "２025-05-01T12:00:00Z",
        "+2025-05-01T12:00:00Z", "2025-05-01T12:00:00.5", "2025-05-01T1２:00:00Z",
    ])
    func refuses(_ text: String) { #expect(parse(text) == nil) }

    @Test func agreesWithFoundation() throws {
        var random = SeededRandom.announced()
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<20_000 {
            let time = Int64.random(in: 0...Timestamp.maximum, using: &random)
            let text = Timestamp.format(time)
            #expect(parse(text) == time)
            // The half millisecond is for Foundation, which keeps seconds as a double and cuts off.
            let date = Date(timeIntervalSince1970: (Double(time) + 0.5) / 1000)
            #expect(text == date.formatted(style), "\(time)")
            let offset = Int.random(in: -1439...1439, using: &random)
            let zone = String(format: "%@%02d:%02d", offset < 0 ? "-" : "+", abs(offset) / 60, abs(offset) % 60)
            let local = Timestamp.format(time + Int64(offset) * 60_000).dropLast() + zone
            if (0...Timestamp.maximum).contains(time + Int64(offset) * 60_000) {
                #expect(parse(String(local)) == time, "\(local)")
            }
        }
    }

    @Test func staysWithinRFC3339() {
        #expect(Timestamp.format(.max) == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp.format(.min) == "0000-01-01T00:00:00.000Z")
    }

    @Test(
        arguments: [
            ("1746100800000", nil), ("0", nil), ("-0", nil), ("\"1970-01-01T00:00:00Z\"", nil), ("-1", "out_of_range"),
            ("\"1969-12-31T23:59:59.999Z\"", "out_of_range"), ("-9223372036854775808", "out_of_range"),
            ("1746187200000", nil), ("1746187200001", "in_the_future"), ("\"2025-05-02T12:00:00Z\"", nil),
            ("\"2025-05-02T12:00:00.001Z\"", "in_the_future"), ("\"2025-05-02T14:00:00.001+02:00\"", "in_the_future"),
            ("9223372036854775807", "in_the_future"), ("9223372036854775808", "invalid_format"),
            ("1.0", "invalid_format"),
            ("1e3", "invalid_format"), ("\"1746100800000\"", "invalid_format"), ("\"\"", "invalid_format"),
            (#""2025-05-01T12:00:00\u002B02:00""#, nil), (#""\u0032025-05-01T12:00:00Z""#, nil),
            (#""2025-05-01T12:00:00Z\u0000""#, "invalid_format"), (#""2025-05-01T12:00:00Z\n""#, "invalid_format"),
        ] as [(String, String?)])
    func isJudgedInAnEvent(_ timestamp: String, _ code: String?) throws {
        #expect(try violation(of: event(timestamp: timestamp)) == code.map { "\($0) timestamp" })
    }
}

@Suite struct CivilDateTests {
    @Test func agreesWithFoundationOnEveryDayFrom1600To2400() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let first = CivilDate(year: 1600, month: 1, day: 1).dayNumber
        let last = CivilDate(year: 2400, month: 12, day: 31).dayNumber
        #expect(last - first == 292_559)
        // One expectation for all: some 300,000 of them take longer than the calendar.
        let wrong = (first...last).filter { number in
            let date = CivilDate(dayNumber: number)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(number) * 86_400))
            // Foundation's week days count from Sunday, 1.
            let monday = number - Int32((parts.weekday! + 5) % 7)
            return date.dayNumber != number || parts.year != date.year || parts.month != date.month
                || parts.day != date.day || CivilDate.monday(of: number) != monday
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(3).map(CivilDate.init(dayNumber:)))")
    }

    @Test func readsAndWritesDates() {
        for text in ["2025-05-01", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            #expect(CivilDate(text)?.description == text)
        }
        for text in [
            "", "2025-5-1", "2025-02-29", "1900-02-29", "2025-00-01", "2025-13-01", "2025-01-32", "2025-01-00",
            "+025-01-01",
            "2025-01-01 ", "2025-01-01-", "20250101", "2025/01/01", "２025-01-01", "-001-01-01",
        ] {
            #expect(CivilDate(text) == nil, "\(text)")
        }
        #expect(
            CivilDate("2025-05-01")! < CivilDate("2025-05-02")! && CivilDate("2024-12-31")! < CivilDate("2025-01-01")!)
    }
}
