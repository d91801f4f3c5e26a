import Events
public import Stores

/// Makes a user's events nobody's, without changing a number.
///
/// Three steps, each of which can be repeated: the visitor gets the digest of a random token, and the old digest is put on
/// record; the raw events get the token; the old digest goes from the record. In between, events with the old id are
/// counted as those of the token, so passes, rebuilds and verifications may go on. Whatever is killed in it is finished by
/// a repetition, with the same token.
public struct ForgetUser: Sendable {
    /// What it came to.
    public struct Report: Sendable, Equatable {
        /// Raw events that had the id.
        public var events = 0
        /// Whether the user had been counted as a visitor.
        public var wasVisitor = false
        /// Whether an earlier attempt had been cut off.
        public var isResumed = false
    }

    /// Offsets looked through at a time.
    private static let readSize: Int64 = 10_000
    /// Offsets that are looked through while nobody can merge, at most about.
    private static let lastSize: Int64 = 50_000

    /// How often what has come meanwhile is looked through before the last time.
    private static let maximumRounds = 20

    private let raw: any RawEventStore
    private let rollups: any RollupStore
    private let metadata: MetadataKeys

    /// Works on two stores.
    /// - Parameter metadata: the keys of metadata that the aggregator counts by; all others go.
    public init(raw: any RawEventStore, rollups: any RollupStore, metadata: MetadataKeys) {
        (self.raw, self.rollups, self.metadata) = (raw, rollups, metadata)
    }

    /// Forgets a user of a source.
    /// - Parameters:
    ///   - token: what takes the id's place: random, as nobody must guess it.
    ///   - progress: told of the offsets passed and of all.
    /// - Throws: a `StoreError`; a repetition goes on from there.
    public func run(
        _ user: String, of source: String, token: String, progress: @Sendable (Int64, Int64) async -> Void
    ) async throws -> Report {
        let digest = Digest128.visitor(source: source, userID: user)
        let begun = try await rollups.withTransaction { transaction in
            _ = try await transaction.lockCursors()
            return try await transaction.beginForgetting(digest, of: source, as: token)
        }
        let change = Change(user: user, forgetting: begun.forgetting, raw: raw, metadata: metadata)
        var report = Report(wasVisitor: begun.isVisitor, isResumed: begun.forgetting.token != token)
        var passed: [PartitionEpoch: Int64] = [:]
        for round in 0..<Self.maximumRounds {
            let windows = try await raw.withConsistentReader { try await $0.progress() }.windows(from: passed)
            if round > 0, windows.size <= Self.lastSize { break }
            report.events += try await change.apply(to: windows, progress)
            passed.merge(windows.map { ($0.partition, $0.offsets.upperBound) }) { $1 }
        }
        report.events += try await end(change, from: passed)
        return report
    }

    /// Changes what has been counted since, while nobody merges, and takes the user off the record.
    private func end(_ change: Change, from passed: [PartitionEpoch: Int64]) async throws -> Int {
        try await rollups.withTransaction { transaction in
            _ = try await transaction.lockCursors()
            let windows = try await raw.withConsistentReader { try await $0.progress() }.windows(from: passed)
            let count = try await change.apply(to: windows) { _, _ in }
            try await transaction.endForgetting(change.forgetting)
            return count
        }
    }

    /// What is done to raw events.
    private struct Change: Sendable {
        let user: String
        let forgetting: Forgetting
        let raw: any RawEventStore
        let metadata: MetadataKeys

        func apply(to windows: [OffsetWindow], _ progress: @Sendable (Int64, Int64) async -> Void) async throws -> Int {
            var (count, done) = (0, Int64(0))
            for part in windows.flatMap({ $0.parts(of: ForgetUser.readSize) }) {
                count += try await raw.forget(
                    user, of: forgetting.source, as: forgetting.token, in: part, keeping: metadata)
                done += Int64(part.offsets.count)
                await progress(done, windows.size)
            }
            return count
        }
    }
}

extension [IngestProgress] {
    /// What has been processed, from these offsets on.
    fileprivate func windows(from passed: [PartitionEpoch: Int64]) -> [OffsetWindow] {
        compactMap { book in
            let start = Swift.max(book.first, passed[book.partition] ?? book.first)
            return start < book.next ? OffsetWindow(partition: book.partition, offsets: start..<book.next) : nil
        }
    }
}

extension [OffsetWindow] {
    /// Offsets in all of them.
    fileprivate var size: Int64 { reduce(0) { $0 + Int64($1.offsets.count) } }
}
