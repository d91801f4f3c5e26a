import Events
import Foundation
import Stores
import Testing

@testable import StoreModels

/// Days and intervals against Foundation's calendars, where they are hard.
struct ReportingCalendarTests {
    @Test(arguments: hardTimeZones + ["Africa/Monrovia", "Asia/Tehran", "America/Sao_Paulo"])
    func daysAreFoundations(timeZone: String) throws {
        var random = SeededRandom.announced()
        var calendar = try #require(ReportingCalendar(timeZone))
        let foundation = FoundationPeriods(timeZone)
        // Monrovia changed its offset by 44 minutes 30 seconds, within a quarter of an hour.
        let moments = hardTimes + [63_593_070_000, 63_592_200_000]
        for _ in 0..<2000 {
            let time = random.time(near: moments)
            let day = calendar.day(of: time)
            #expect(day == foundation.day(of: time), "\(timeZone) \(Timestamp.format(time))")
        }
    }

    @Test func everyDayOfAYearBeginsAtItsMidnight() throws {
        for timeZone in hardTimeZones {
            var calendar = try #require(ReportingCalendar(timeZone))
            let foundation = FoundationPeriods(timeZone)
            for hour in Int64(0)..<366 * 24 {
                // From 2025-01-01; a millisecond before and at each full hour.
                for time in [1_735_689_600_000 + hour * 3_600_000 - 1, 1_735_689_600_000 + hour * 3_600_000] {
                    let day = calendar.day(of: time)
                    #expect(day == foundation.day(of: time))
                }
            }
        }
    }

    @Test func intervalsAreQuartersOfAnHour() throws {
        let calendar = try #require(ReportingCalendar("Asia/Kathmandu"))
        #expect([0, 899_999, 900_000, 1_746_100_800_000].map(calendar.interval) == [0, 0, 1, 1_940_112])
        #expect([-1, -900_000, -900_001].map(calendar.interval) == [-1, -1, -2])
    }

    @Test func weeksBeginOnMonday() {
        let foundation = FoundationPeriods("UTC")
        for day in Int32(-1000)...40_000 where day % 7 < 3 {
            #expect(CivilDate.monday(of: day) == foundation.monday(of: day))
        }
    }

    @Test(arguments: ["", "Mars/Olympus", "Europe/Nowhere"])
    func unknownZonesAreRefused(name: String) { #expect(ReportingCalendar(name) == nil) }
}
