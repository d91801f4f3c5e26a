public import Logging
import Metrics
import Operations
public import ServiceLifecycle
public import Stores

/// Shows how many dead letters are open, and for how long: an alert is to last until somebody has repaired them.
///
/// Every worker shows the same figure, which is that of the store.
public struct OpenDeadLetters: Service {
    /// Counted up to here: beyond, the exact figure helps nobody, and `dead-letters stats` has it.
    static let limit = 1_000

    private let store: any RawEventStore
    private let interval: Duration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let open = Gauge(label: WorkerMetrics.openLettersLabel)
    private let oldest = Gauge(label: WorkerMetrics.oldestLetterLabel)

    /// - Parameters:
    ///   - interval: from one look to the next.
    ///   - now: the clock, milliseconds since 1970.
    public init(
        _ store: any RawEventStore, interval: Duration = .seconds(10), logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        (self.store, self.interval, self.logger, self.now) = (store, interval, logger, now)
    }

    /// Looks until shutdown. A store that does not answer leaves the figures as they are.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: interval)
            }
        }
    }

    func look() async {
        var filter = DeadLetterFilter()
        filter.state = .open
        do {
            let letters = try await store.deadLetters(matching: filter, after: nil, limit: Self.limit)
            open.record(letters.count)
            oldest.record(letters.first.map { Double(max(0, now() - $0.failedAt)) / 1000 } ?? 0)
        } catch {
            logger.debug("Dead letters could not be counted", metadata: ["error": "\(error)"])
        }
    }
}
