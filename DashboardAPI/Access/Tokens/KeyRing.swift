import Foundation
public import Logging
import Metrics
import Synchronization

/// An issuer's keys, kept: they are known also while the issuer is away.
///
/// They are read anew from time to time, and once when a token names a key that is not among them. Whatever happens,
/// there is at most one reading at a time, and at most one in each cooldown on behalf of tokens: who sends made-up names
/// costs the issuer nothing.
public final class KeyRing: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        var set: KeySet?
        var json = Data()
        /// Counts the sets: what was verified with an earlier one is verified again.
        var generation = 0
        var reading: Task<Result<String, any Error>, Never>?
        var lastReading: Instant?
    }

    private let source: KeySource
    private let cooldown: Duration
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let state = Mutex(State())
    private let readings = Dictionary(
        uniqueKeysWithValues: ["done", "failed"].map {
            ($0, Counter(label: DashboardMetrics.keyReadingsLabel, dimensions: [("result", $0)]))
        })

    /// Nothing is read yet.
    /// - Parameter cooldown: the time between two readings on behalf of tokens, at least.
    public convenience init(source: KeySource, cooldown: Duration, logger: Logger) {
        self.init(source: source, cooldown: cooldown, logger: logger, clock: { .now })
    }

    init(source: KeySource, cooldown: Duration, logger: Logger, clock: @escaping @Sendable () -> Instant) {
        (self.source, self.cooldown, self.logger, self.clock) = (source, cooldown, logger, clock)
    }

    /// Counts the sets of keys that there have been; 0: none yet.
    var generation: Int { state.withLock { $0.generation } }

    /// The key of that name; reads the keys anew, if that is not too soon, where there is none.
    func key(_ keyID: String) async throws(TokenFault) -> (key: KeySet.Key, generation: Int) {
        if let known = lookUp(keyID) { return known }
        if let reading = startReading(mayBeSoon: false) { _ = await reading.value }
        if let known = lookUp(keyID) { return known }
        throw generation == 0 ? .noKeys : .unknownKey
    }

    private func lookUp(_ keyID: String) -> (key: KeySet.Key, generation: Int)? {
        state.withLock { state in state.set?.keys[keyID].map { ($0, state.generation) } }
    }

    /// Reads the keys anew. Where that fails, those that are known stay.
    /// - Returns: what was read, for a log.
    @discardableResult
    public func read() async throws -> String {
        guard let reading = startReading(mayBeSoon: true) else { return "nothing" }
        return try await reading.value.get()
    }

    /// The reading that is under way, else a new one; `nil` where it is too soon for one.
    private func startReading(mayBeSoon: Bool) -> Task<Result<String, any Error>, Never>? {
        state.withLock { state in
            if let reading = state.reading { return reading }
            let now = clock()
            // Without any key nobody can be let in: then a second is enough.
            let pause = state.set == nil ? min(cooldown, .seconds(1)) : cooldown
            if !mayBeSoon, let last = state.lastReading, now - last < pause { return nil }
            state.lastReading = now
            let reading = Task { await self.result() }
            state.reading = reading
            return reading
        }
    }

    private func result() async -> Result<String, any Error> {
        do {
            let json = try await source.read()
            let set = try await KeySet(json)
            let isNew = state.withLock { state in
                state.reading = nil
                guard state.json != json else { return false }
                (state.set, state.json) = (set, json)
                state.generation += 1
                return true
            }
            readings["done"]?.increment()
            if isNew { tell(of: set) }
            return .success("\(set.keys.count) keys, \(set.skipped.count) left out")
        } catch {
            state.withLock { $0.reading = nil }
            readings["failed"]?.increment()
            logger.warning(
                "The issuer's keys could not be read; those known stay",
                metadata: ["from": "\(source.name)", "error": "\(error)"])
            return .failure(error)
        }
    }

    private func tell(of set: KeySet) {
        logger.info(
            "The issuer's keys were read",
            metadata: ["kids": "\(set.keys.keys.sorted().joined(separator: ", "))"])
        for reason in set.skipped {
            logger.notice("A key of the issuer is not used", metadata: ["reason": "\(reason)"])
        }
    }
}
