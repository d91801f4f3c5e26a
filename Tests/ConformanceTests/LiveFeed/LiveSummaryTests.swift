import Foundation
import Testing

@testable import Stores

/// The record that dashboards read.
struct LiveSummaryTests {
    @Test func itsTextIsTheContracts() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(LiveSummary.sample(2)), as: UTF8.self)
        let source =
            #"{"areVisitorsExact":true,"events":{"(other)":1,"page_view":2},"latency":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"#
            + #""visitors":7}"#
        #expect(
            text == #"{"at":2000,"epoch":2,"partition":3,"sources":{"shop":\#(source)},"visitorsSince":5}"#)
        #expect(try JSONDecoder().decode(LiveSummary.self, from: Data(text.utf8)) == .sample(2))
    }

    @Test func aHistogramByOtherBoundsIsRefused() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(LatencyHistogram.self, from: Data("[1,2,3]".utf8))
        }
    }

    @Test func bucketsHoldTheirUpperBound() {
        var histogram = LatencyHistogram()
        for milliseconds: Int64 in [-3, 5, 6, 3_600_000, 3_600_001] { histogram.count(milliseconds) }
        #expect(histogram.counts == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
        #expect(histogram.total == 5)
        #expect(histogram.bound(ofQuantile: 0.4) == 5)
        #expect(histogram.bound(ofQuantile: 0.41) == 10)
        #expect(histogram.bound(ofQuantile: 1) == nil)
        #expect(LatencyHistogram().bound(ofQuantile: 0.5) == nil)
    }

    @Test func sharesOfPartitionsAddUp() {
        var sum = LiveSummary.Source()
        for second: Int64 in [2, 40] { sum += LiveSummary.sample(second).sources["shop"]! }
        sum += LiveSummary.Source(visitors: 1, areVisitorsExact: false)
        #expect(sum.events == ["page_view": 42, LiveSummary.other: 2])
        #expect(sum.visitors == 15 && !sum.areVisitorsExact)
        #expect(sum.latency.total == 2)
    }

    @Test func aFollowerGoesOnWhereItWas() {
        var position = LivePosition(recent: 5)
        #expect(position.starts([0: Watermarks(low: 0, high: 3)]) == [0: 0])
        var batch = RecordBatch()
        batch.append(key: nil, value: 0..<0, headers: [], timestamp: 0, partition: 0, offset: 6)
        position.pass(batch)
        #expect(position.starts([0: Watermarks(low: 0, high: 9)]) == [0: 7])
        #expect(position.starts([0: Watermarks(low: 8, high: 9)]) == [0: 8], "the log has dropped some")
        position.forget([0])
        #expect(position.starts([0: Watermarks(low: 0, high: 20)]) == [0: 20], "from the end, not before it")
    }
}
