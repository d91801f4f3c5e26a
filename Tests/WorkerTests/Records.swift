import Events
import Logging
import Stores
import Synchronization

@testable import StoreModels
@testable import Worker

/// 2025-05-01T12:00:00Z, the clock of these tests.
let noon: Int64 = 1_746_100_800_000

/// A record as the collector writes it; `nil` leaves a header out.
func record(
    _ value: String? = nil, offset: Int64 = 0, partition: Int32 = 0, source: String? = "web", eventID: String? = "e1",
    receivedAt: String? = String(noon), more: [(HeaderName, String)] = []
) -> LoggedRecord {
    let headers: [(HeaderName, String?)] = [(.source, source), (.receivedAt, receivedAt), (.eventID, eventID)]
    return LoggedRecord(
        key: "u1", value: value ?? eventText(),
        headers: headers.compactMap { name, value in value.map { (name, $0) } }
            + more, timestamp: noon + 5, partition: partition, offset: offset)
}

/// A good event's text.
func eventText(_ userID: String = "u1", more: String = "") -> String {
    "{\"userId\":\"\(userID)\",\"eventType\":\"page_view\",\"timestamp\":\"2025-05-01T11:00:00Z\"\(more)}"
}

extension RecordSlice {
    /// A slice of these records, which are of one partition.
    init(_ records: some Collection<LoggedRecord>) {
        let batch = RecordBatch(records)
        self.init(batch: batch, partition: records.first?.partition ?? 0, indices: Array(batch.records.indices))
    }

    /// The offsets of its records.
    var offsets: [Int64] { indices.map(offset(at:)) }
}

/// A chain over models, and what it needs to be driven.
struct ChainModel {
    static let partition = PartitionEpoch(epoch: 1, partition: 0)

    let journal = Journal()
    let log: EventLogModel
    let store: RawEventStoreModel
    let chain: PartitionChain

    init(refusing users: Set<String> = []) {
        log = EventLogModel(journal: journal)
        store = RawEventStoreModel(journal: journal, refusing: users)
        let tokens = Tokens()
        chain = PartitionChain(
            gaps: GapCheck(log: log), enricher: Enricher(EnrichmentConfiguration()), storing: Storing(store: store),
            deadLetters: DeadLetterWriter(
                log: log, store: store, consumerGroup: "group", now: { noon + 9 }, logger: Logger(label: "test")),
            newToken: tokens.next)
    }

    /// Puts an epoch's first progress into the store. Not noted as a call of the chain, which begins after it.
    func begin(at first: Int64 = 0) async throws -> IngestProgress {
        try await store.beginEpoch(IngestProgress(partition: Self.partition, first: first))
    }
}

/// Gives `t1`, `t2`, ….
final class Tokens: Sendable {
    private let count = Mutex(0)

    @Sendable func next() -> String {
        count.withLock { count in
            count += 1
            return "t\(count)"
        }
    }
}

extension PartitionChain {
    /// Sends one slice through the chain, alone.
    func process(_ slice: RecordSlice, from progress: IngestProgress) async throws -> Processed {
        try await process([Share(slice: slice, progress: progress)])[0].get()
    }
}
