import Stores
import Testing

@testable import StoreModels
@testable import Worker

struct SlidingVisitorsTests {
    /// Who was seen when, all of it: what the window is compared with.
    private struct Sightings {
        private var seen: [(visitor: UInt64, source: Int, second: Int64)] = []

        mutating func add(_ visitor: UInt64, _ source: Int, _ second: Int64) { seen.append((visitor, source, second)) }

        func visitors(of source: Int, before end: Int64) -> Int {
            let window = (end - SlidingVisitors.seconds)..<end
            return Set(seen.filter { $0.source == source && window.contains($0.second) }.map(\.visitor)).count
        }
    }

    @Test func itIsExactWhateverComesWhen() {
        var random = SeededRandom.announced()
        for _ in 0..<30 {
            var end = Int64.random(in: 1_000...2_000, using: &random)
            var visitors = SlidingVisitors(now: end - 1)
            var sightings = Sightings()
            for _ in 0..<400 {
                if Int.random(in: 0..<4, using: &random) == 0 {
                    end += [1, 1, 1, 2, 59, 150, 299, 300, 301, 700].randomElement(using: &random)!
                    visitors.advance(to: end)
                    if Bool.random(using: &random) { visitors.sweep() }
                }
                let (visitor, source) = (
                    UInt64.random(in: 0..<12, using: &random), Int.random(in: 0..<3, using: &random)
                )
                let second = end - [1, 1, 1, 2, 30, 299, 300, 301, 5_000, -3].randomElement(using: &random)!
                // The same user of two sources is two visitors, whose hashes differ.
                let isCounted = visitors.see(visitor * 3 + UInt64(source), of: source, at: second, hasRoom: true)
                #expect(isCounted)
                sightings.add(visitor, source, min(second, end - 1))
                for source in 0..<3 {
                    #expect(visitors.visitors(of: source) == sightings.visitors(of: source, before: end))
                }
            }
        }
    }

    @Test func memoryIsGivenBackWhenVisitorsAreGone() {
        var visitors = SlidingVisitors(now: 1_000)
        for second in Int64(0)..<3_000 {
            for number in 0..<10 {
                _ = visitors.see(UInt64(second) << 8 + UInt64(number), of: 0, at: 1_000 + second, hasRoom: true)
            }
            visitors.advance(to: 1_002 + second)
            #expect(visitors.count <= 10 * 361, "those of six minutes")
        }
        #expect(visitors.visitors(of: 0) == 10 * 299, "the second under way has nobody yet")
    }

    @Test func withoutRoomOnlyKnownVisitorsCount() {
        var visitors = SlidingVisitors(now: 1_000)
        var isCounted = visitors.see(1, of: 0, at: 1_000, hasRoom: true)
        #expect(isCounted)
        isCounted = visitors.see(2, of: 0, at: 1_000, hasRoom: false)
        #expect(!isCounted)
        isCounted = visitors.see(1, of: 0, at: 1_000, hasRoom: false)
        #expect(isCounted)
        isCounted = visitors.see(3, of: 0, at: 600, hasRoom: false)
        #expect(isCounted, "outside the window nobody is left out")
        #expect(visitors.visitors(of: 0) == 1 && visitors.count == 1)
    }
}
