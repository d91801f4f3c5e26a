import Testing

@testable import Operations

@Suite struct DurationTests {
    @Test func everyDurationIsReadBack() {
        var random = RandomSource()
        for _ in 0..<10_000 {
            let size: Int64 = [1, 1_000, 60_000, 3_600_000].randomElement(using: &random)!
            let duration = Duration.milliseconds(size * Int64.random(in: 0...100_000, using: &random))
            #expect(parseDuration(durationText(duration)) == duration, "\(duration) \(random)")
        }
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("60s", .seconds(60)), ("5m", .seconds(300)), ("2h", .seconds(7_200)),
        ("0s", .zero), ("007s", .seconds(7)),
    ]) func good(text: String, expected: Duration) {
        #expect(parseDuration(text) == expected)
    }

    @Test(arguments: [
        "", "60", "s", "60 s", " 60s", "60s ", "60s\n", "-1s", "+1s", "1.5s", "1d", "60S", "1h30m", "٣s", "1e3s",
        "0x10s",
        "99999999999999999999s",
    ]) func bad(text: String) {
        #expect(parseDuration(text) == nil)
    }

    @Test func textsAtRandomNeverCrashAndMeanWhatTheySay() {
        var random = RandomSource()
        for _ in 0..<20_000 {
            let text = random.text("0123456789smh -.", count: 0...18)
            guard let duration = parseDuration(text) else { continue }
            let digits = text.prefix { $0.isNumber }
            let unit = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000][text.dropFirst(digits.count)]
            #expect(duration == .milliseconds(Int64(digits)! * Int64(unit ?? -1)), "\(text) \(random)")
        }
    }
}
