public import Events

/// Rollups, visitor numbers, visitor sets and the cursor, which change together or not at all. Shaped by
/// PostgreSQL.
///
/// Implementations never block the cooperative pool; safe to use from many tasks. All errors are `DatabaseError`.
public protocol RollupStore: Sendable {
    /// Creates or migrates tables, and fixes the reporting time zone and its rules if none are fixed yet. Idempotent, safe
    /// for two at once. Throws `.invalidConfiguration` where rollups exist in another time zone or by other rules.
    func provision(timeZone: String) async throws

    /// Runs a read-write transaction, one at a time over all processes, and commits when `body` returns. Throws what
    /// `body` throws after rolling back. `.contended` means that nothing happened and that a repetition is due.
    func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value

    /// Runs reads that all see the same commit; never waits for a writer.
    func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value

    /// Takes or renews the aggregators' lead for a holder, for so long from now. A lead that has run out is anybody's.
    /// Comfort, not safety: a holder that is held up goes on for a while beside the next one, and the cursors decide.
    /// - Returns: whether the holder has it.
    func lead(as holder: String, for term: Duration) async throws -> Bool

    /// Gives the lead up, if the holder has it.
    func resign(as holder: String) async throws

    /// Throws `DatabaseError` unless the store answers within its time limit and is provisioned.
    func checkHealth() async throws

    /// Lets go of all resources; later calls throw `.closed`. Idempotent.
    func close() async
}

/// Reads that see one commit.
public protocol RollupReader: Sendable {
    /// Time zone, freshness and revision.
    func state() async throws -> RollupState

    /// All cursors, ordered by epoch and partition.
    func cursors() async throws -> [RollupCursor]

    /// The users who are being forgotten, in order of source and digest.
    func forgettings() async throws -> [Forgetting]

    /// The sources that have any rollup, in order.
    func sources() async throws -> [String]

    /// The rows of one dimension value with a period in `periods`, of the sources given (`nil`: all), ordered by
    /// source and period. Rows that do not exist are absent.
    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)]

    /// The rows of all values of a dimension (`nil`: of all dimensions) with a period in `periods`, of the sources given
    /// (`nil`: all), ordered by key.
    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)]

    /// The keys that have a set, with a period in `periods`, of the sources given (`nil`: all), in order.
    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey]

    /// Keys of sets that have deltas, of periods before this one; at most `limit`, in no order. The cost follows the deltas.
    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey]

    /// Those of the values that are on record for their week.
    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>]

    /// The sets of exactly these keys; keys without a set are absent.
    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet]

    /// The visitors of a source among these hashes of userIds.
    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord]

    /// How many visitors have their first day on each of these days, of the sources given (`nil`: all), ordered by
    /// source and day. Days that are nobody's first are absent.
    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors]
}

/// One transaction of the merging writer.
///
/// Call `lockCursors` before anything is read: from then on until the end nobody else merges.
public protocol RollupTransaction: RollupReader {
    /// Waits for other writers, then returns all cursors.
    func lockCursors() async throws -> [RollupCursor]

    /// Gives new visitors of a source the next numbers, in the order given, without gaps, and keeps their first day.
    /// - Returns: the number of the first; the others follow.
    func addVisitors(_ users: [(user: Digest128, firstDay: PeriodNumber)], to source: String) async throws -> UInt32

    /// Lowers the first day of visitors, by number; a later day than the stored one changes nothing.
    func lowerFirstDays(_ days: [(number: UInt32, firstDay: PeriodNumber)], of source: String) async throws

    /// Puts a user on record as being forgotten, and has the visitor known by the token's digest. One who is on record
    /// stays so, with the token that is there.
    /// - Returns: what is on record, and whether there is such a visitor.
    func beginForgetting(
        _ user: Digest128, of source: String, as token: String
    ) async throws -> (forgetting: Forgetting, isVisitor: Bool)

    /// Takes a user off the record, and counts one more as forgotten.
    func endForgetting(_ forgetting: Forgetting) async throws

    /// Puts values on record for their week, in the order given, as long as the week has fewer than `limit`. A value that
    /// is on record stays there for ever: so the same events give the same rows, however often they are counted.
    /// - Returns: those of the values that are on record now.
    func recordValues(
        _ values: [DimensionWeek: [String]], limit: Int
    ) async throws -> [DimensionWeek: Set<ExactText>]

    /// Removes the rows and sets with a period in `periods`, of the sources given (`nil`: all).
    func remove(_ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?) async throws

    /// Removes all rows and sets of days and weeks, those of intervals from one on (`nil`: all), and the values on record,
    /// and fixes another time zone, by its rules here: all is to be made anew. Takes as long as it takes.
    /// - Parameter firstDays: whether the visitors' first days stay; else they become later than any, to be lowered.
    func recut(in calendar: ReportingCalendar, intervalsFrom first: PeriodNumber?, keeping firstDays: Bool) async throws

    /// Adds to the rows' numbers, making rows as needed.
    func add(_ changes: [(key: RollupKey, change: RollupCounts)]) async throws

    /// Appends one delta to each set, making sets as needed.
    func appendDeltas(_ deltas: [(key: RollupKey, delta: [UInt8])]) async throws

    /// Writes these chunks of a set's base, keeps its others, and drops all of its deltas.
    func compact(_ key: RollupKey, chunks: [UInt16: [UInt8]]) async throws

    /// Moves cursors by compare-and-set; `from` is `nil` for one that does not exist yet. Throws `.contended` where
    /// a stored cursor is another.
    func moveCursors(_ moves: [(from: RollupCursor?, to: RollupCursor)]) async throws

    /// Raises the revision by one.
    func raiseRevision() async throws

    /// Notes that everything received before this time has been folded (milliseconds since 1970). Never goes back.
    func setCompleteThrough(_ time: Int64) async throws
}
