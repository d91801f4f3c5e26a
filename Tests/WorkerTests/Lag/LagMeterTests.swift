import Logging
import Stores
import Testing

@testable import StoreModels
@testable import Worker

struct LagMeterTests {
    private let log = EventLogModel(partitions: 2)

    private func meter(_ log: EventLogModel) -> LagMeter {
        LagMeter(
            log: log, interval: .seconds(1), assumedRetention: 3_600_000, logger: Logger(label: "test"),
            now: { noon + 60_000 })
    }

    /// A record that was received so long before noon, in milliseconds.
    private func place(_ offset: Int64, _ partition: Int32 = 0, before: Int64) {
        var record = record(offset: offset, partition: partition)
        record.timestamp = noon - before
        log.place(record)
    }

    private func progress(_ next: Int64, _ partition: Int32 = 0) -> IngestProgress {
        var progress = IngestProgress(partition: .init(epoch: 1, partition: partition), first: 0)
        progress.next = next
        return progress
    }

    @Test func theOldestRecordNotProcessedTellsTheAge() async throws {
        for offset: Int64 in 0..<5 { place(offset, before: 1_000 * (5 - offset)) }
        place(0, 1, before: 0)
        let lags = try await meter(log).measure([progress(2), progress(1, 1)]).sorted { $0.partition < $1.partition }
        #expect(lags[0].records == 3)
        #expect(lags[0].age == 63_000)
        #expect(lags[0].timeToLoss == 3_537_000)
        #expect(lags[1].records == 0 && lags[1].age == 0)
        #expect(lags[1].timeToLoss == 3_600_000, "nothing waits")
    }

    @Test func whatIsOverdueHasLessThanNoTime() async throws {
        place(0, before: 4_000_000)
        #expect(try await meter(log).measure([progress(0)]).first?.timeToLoss == -460_000)
    }

    @Test func afterALossTheFirstRecordThatIsLeftCounts() async throws {
        for offset: Int64 in 0..<5 { place(offset, before: 1_000 * (5 - offset)) }
        log.expire(0, below: 4)
        let lag = try #require(try await meter(log).measure([progress(2)]).first)
        #expect(lag.records == 1 && lag.age == 61_000)
    }

    /// The offset holds no record: what its age is nobody knows.
    @Test func aHoleHasNoAge() async throws {
        place(3, before: 0)
        let lag = try #require(try await meter(log).measure([progress(2)]).first)
        #expect(lag.records == 2 && lag.age == nil && lag.timeToLoss == nil)
    }

    @Test func aPositionThatStandsStillIsReadOnce() async throws {
        let journal = Journal()
        let log = EventLogModel(journal: journal)
        log.place(record())
        let meter = meter(log)
        for _ in 0..<3 { #expect(try await meter.measure([progress(0)]).first?.records == 1) }
        #expect(journal.calls.count { $0 == "read records" } == 1)
        log.place(record(offset: 1))
        #expect(try await meter.measure([progress(1)]).first?.age == 60_000 - 5)
        #expect(journal.calls.count { $0 == "read records" } == 2)
    }
}
