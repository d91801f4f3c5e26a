import Logging
import Metrics
public import Operations
public import ServiceLifecycle
import Stores

/// Drains the spill whenever there is something in it and the log takes it, looks after it, and shows its figures.
public struct SpillService: Service {
    /// From so many bytes on, an empty spill's file is made smaller.
    private static let worthCompacting: Int64 = 64 << 20

    private let spill: Spill
    private let interval: Duration
    private let now: @Sendable () -> Int64

    /// - Parameter now: the clock, milliseconds since 1970.
    public init(_ spill: Spill, now: @escaping @Sendable () -> Int64) {
        self.init(spill, interval: .seconds(1), now: now)
    }

    init(_ spill: Spill, interval: Duration, now: @escaping @Sendable () -> Int64) {
        (self.spill, self.interval, self.now) = (spill, interval, now)
    }

    /// Runs until shutdown, which waits for no log: what is not drained then stays.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await drainForever() }
                group.addTask { await tendForever() }
            }
        }
    }

    private func drainForever() async {
        var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(2))
        var news = spill.news.makeAsyncIterator()
        while !Task.isCancelled {
            let work = spill.change([]) { $0.nextWork() }
            if work == .none {
                await news.next()
            } else if await spill.carryOut(work) {
                backoff.reset()
            } else {
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    private func tendForever() async {
        let lanes = SpillMetrics.laneGauges(spill.laneCount)
        while !Task.isCancelled {
            await tend()
            spill.metrics.record(spill.state, lanes: lanes, now: now())
            try? await Task.sleep(for: interval)
        }
    }

    /// Repeats what failed, and gives back room that is not needed any more.
    func tend() async {
        let state = spill.state
        for lane in state.untrimmed where !state.lanes[lane].isDraining {
            guard await spill.trim(lane, below: state.lanes[lane].drained) else { break }
        }
        if state.isFailing { await spill.tryWriting() }
        guard state.isIdle, state.peak > 0 else { return }
        if state.peak < Self.worthCompacting, await spill.hasRoom() { return }
        do {
            try await spill.store.compact()
            spill.change([]) { $0.compacted() }
        } catch {
            spill.logger.warning("the spill's file stays large for now", metadata: ["error": "\(error)"])
        }
    }
}

extension Spill {
    /// - Returns: whether all of it succeeded.
    func carryOut(_ work: SpillState.Work) async -> Bool {
        switch work {
        case .none: return true
        case .probe(let lane): return await succeeds { try await self.drain(lane, batches: 1) }
        case .check:
            return await succeeds {
                try await unlessCancelled { [log] in try await log.checkHealth() }
                if self.change([], { $0.logAnswered() }) { self.logger.notice("the log answers again") }
            }
        case .drain(let lanes):
            return await withTaskGroup { group in
                for lane in lanes { group.addTask { await self.succeeds { try await self.drain(lane) } } }
                return await group.reduce(true) { $0 && $1 }
            }
        }
    }

    private func succeeds(_ work: () async throws -> Void) async -> Bool {
        do {
            try await work()
            return true
        } catch is CancellationError {
            return false
        } catch {
            logger.info("the spill is not drained yet", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// A write that changes nothing: whether the disk takes one again.
    func tryWriting() async {
        do {
            try await store.trim(.userEvents, 0, below: state.lanes[0].trimmed)
            change([]) { $0.spillAnswered() }
        } catch {
            logger.info("the spill does not take events", metadata: ["error": "\(error)"])
        }
    }
}

extension Spill {
    /// Whether events can be made durable, with a note where that is by way of the spill.
    public var health: HealthCheck {
        HealthCheck.noting(name: "log") { [self] in
            let state = self.state
            guard state.isLogDown || state.records > 0 else { return nil }
            let figures = "\(state.records) events in the spill"
            try await store.checkHealth()
            guard state.isLogDown else { return "\(figures) are being drained" }
            let isFull = if state.isFull { true } else { await !hasRoom() }
            if isFull { throw EventLogError(.unreachable, "the log fails, and the spill is full") }
            if state.isFailing { throw EventLogError(.unreachable, "the log fails, and the spill too") }
            return "the log fails, events go to the spill; \(figures)"
        }
    }
}
