import Logging
import Operations
import Stores

/// What the log had to say, and what its records say where they have been read already.
private struct Fetched: Sendable {
    var event: ConsumerEvent
    var slices: [RecordSlice] = []
    var read: [Int32: ReadAhead] = [:]

    init(_ event: ConsumerEvent) {
        self.event = event
        if case .records(let batch) = event { slices = RecordSlice.slices(of: batch) }
    }
}

/// Pulls records, sends each partition's slice through the chain, and answers the group. While a batch is being stored,
/// the next one is fetched and read.
actor WorkerLoop {
    private let log: any EventLog
    private let chain: PartitionChain
    private let positions: PositionKeeper
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let telemetry = WorkerTelemetry()
    private let clock = ContinuousClock()

    private var assignment = Assignment()
    /// What was fetched while the batch before it was being stored.
    private var ahead: Fetched?
    private var joining = JoinPace()
    private var lastPoll = ContinuousClock.now
    private var lastCommit = ContinuousClock.now
    /// What keeps partitions waiting; `nil` when all is well.
    private(set) var trouble: (any Error)?
    /// The last progress known of the partitions that this worker has, doubtful ones included.
    var progress: [IngestProgress] {
        lastKnown = lastKnown.filter { assignment.assigned.contains($0.key) }.merging(assignment.progress) { $1 }
        return Array(lastKnown.values)
    }
    private var lastKnown: [Int32: IngestProgress] = [:]

    init(
        log: any EventLog, chain: PartitionChain, positions: PositionKeeper, configuration: WorkerConfiguration,
        logger: Logger
    ) {
        (self.log, self.chain, self.positions) = (log, chain, positions)
        (self.configuration, self.logger) = (configuration, logger)
    }

    func run(until isStopping: @Sendable () -> Bool) async throws {
        while let consumer = try await join(until: isStopping) {
            do {
                while !isStopping() && !Task.isCancelled { try await step(consumer) }
                return await leave(consumer)
            } catch let error as EventLogError where error.code == .consumerLost {
                note(error, "The member of the group is lost: another one takes its place")
                telemetry.countLostConsumer()
                assignment.drop()
                ahead = nil
                chain.live?.follow([])
                await consumer.close()
            }
        }
    }

    /// Joins the group, however long the log is away; `nil` when told to stop meanwhile.
    private func join(until isStopping: @Sendable () -> Bool) async throws -> (any EventConsumer)? {
        while !isStopping() && !Task.isCancelled {
            // Not reset by a success: a member that is lost again and again comes back ever more slowly.
            if let wait = joining.next(now: clock.now) { try await Task.sleep(for: wait) }
            do {
                return try await log.consumer(group: configuration.group, topic: .userEvents)
            } catch let error as EventLogError where error.isTransient {
                note(error, "The worker could not join its group")
            }
        }
        return nil
    }

    private func step(_ consumer: any EventConsumer) async throws {
        let fetched = try await fetch(consumer)
        switch fetched.event {
        case .records:
            try await process(assignment.admit(fetched.slices), fetched.read, isRetry: false, consumer)
        case .assigned(let partitions):
            logger.info("Partitions assigned", metadata: ["partitions": "\(partitions.sorted())"])
            assignment.take(partitions, now: clock.now)
        case .revoked(let partitions, let lost):
            logger.info("Partitions revoked", metadata: ["partitions": "\(partitions.sorted())", "lost": "\(lost)"])
            if !lost { await commit(consumer) }
            assignment.drop()
            // Partitions that are lost may have gone on elsewhere: what was counted here is not all then.
            if lost { chain.live?.follow([]) } else { chain.live?.suspend() }
            try await answer { try await consumer.unassign() }
        case .positionsUncertain(let partitions): assignment.doubt(partitions, now: clock.now)
        }
        await comparePositions(consumer)
        try await process(assignment.due(at: clock.now), isRetry: true, consumer)
        if clock.now - lastCommit >= configuration.commitInterval { await commit(consumer) }
        settleTrouble()
    }

    private func fetch(_ consumer: any EventConsumer) async throws -> Fetched {
        if let ahead {
            self.ahead = nil
            return ahead
        }
        let wait = assignment.nextDue.map { max(.milliseconds(1), min(.milliseconds(500), $0 - clock.now)) }
        return Fetched(try await poll(consumer, wait: wait ?? .milliseconds(500)))
    }

    /// Fetches what is there, and reads it.
    private func fetchAhead(_ consumer: any EventConsumer) async -> Result<Fetched?, any Error> {
        do {
            var fetched = Fetched(try await poll(consumer, wait: .zero))
            if case .records(let batch) = fetched.event, batch.records.isEmpty { return .success(nil) }
            fetched.read = await chain.readAhead(fetched.slices, after: assignment.progress)
            return .success(fetched)
        } catch { return .failure(error) }
    }

    private func poll(_ consumer: any EventConsumer, wait: Duration) async throws -> ConsumerEvent {
        lastPoll = clock.now
        do {
            return try await consumer.next(max: configuration.batchSize, wait: wait)
        } catch let error as EventLogError where error.isTransient && error.code != .consumerLost {
            note(error, "The log did not answer")
            try await Task.sleep(for: .milliseconds(500))
            return .records(RecordBatch())
        }
    }

    private func comparePositions(_ consumer: any EventConsumer) async {
        guard let comparison = assignment.comparison, comparison.due <= clock.now else { return }
        do {
            let found = try await positions.positions(of: assignment.assigned)
            try await consumer.assign(found.mapValues(\.next))
            assignment.start(at: found)
            // Fetching begins anew: what is in hand comes again.
            if case .records = ahead?.event { ahead = nil }
            chain.live?.follow(found.values.map(\.partition))
        } catch {
            note(error, "Positions could not be compared with the log")
            assignment.postponeComparison(now: clock.now)
        }
    }

    /// Sends slices of different partitions through the chain, side by side.
    /// - Parameter read: what some of them say.
    private func process(
        _ slices: [RecordSlice], _ read: [Int32: ReadAhead] = [:], isRetry: Bool, _ consumer: any EventConsumer
    ) async throws {
        guard !slices.isEmpty else { return }
        guard clock.now - lastPoll < configuration.sessionDeadline else {
            logger.warning("The session deadline has passed: nothing is inserted, positions are compared again")
            return assignment.doubt(assignment.assigned, now: clock.now)
        }
        let shares = slices.compactMap { slice in
            assignment.progress[slice.partition].map {
                Share(slice: slice, progress: $0, ahead: read[slice.partition])
            }
        }
        let start = clock.now
        async let following = isRetry ? .success(nil) : fetchAhead(consumer)
        let results = await chain.process(shares)
        telemetry.took(clock.now - start)
        // Only then: a consumer is asked for one thing at a time.
        let next = await following
        for (share, result) in zip(shares, results) {
            await enter(result, of: share.slice, isRetry: isRetry, consumer)
        }
        if !isRetry { ahead = try next.get() }
    }

    private func enter(
        _ result: Result<Processed, any Error>, of slice: RecordSlice, isRetry: Bool,
        _ consumer: any EventConsumer
    ) async {
        switch result {
        case .success(let processed) where processed.isAstray:
            logger.warning(
                "The progress was moved by another worker, or records were passed over: positions are compared again",
                metadata: ["partition": "\(processed.progress.partition)"])
            assignment.doubt([slice.partition], now: clock.now)
        case .success(let processed):
            telemetry.count(processed.outcomes)
            assignment.advance(to: processed.progress)
            guard isRetry, assignment.release(slice.partition, now: clock.now) else { return }
            try? await answer { try await consumer.resume([slice.partition]) }
        case .failure(let error):
            telemetry.countRetry()
            note(error, "Records wait for a store", ["partition": "\(slice.partition)"])
            assignment.hold(slice, now: clock.now)
            guard assignment.heldBytes <= configuration.heldBytes else {
                logger.warning("What waits for a store has no more room: it is dropped, and fetched again later")
                return assignment.doubt(Array(assignment.held.keys), now: clock.now)
            }
            if !isRetry { try? await answer { try await consumer.pause([slice.partition]) } }
        }
    }

    /// Carries out a call to the group. Its failure means that the group has moved on: news of that follows.
    private func answer(_ call: () async throws -> Void) async throws {
        do {
            try await call()
        } catch let error as EventLogError where error.isTransient {
            note(error, "The group did not take an answer")
            assignment.doubt(assignment.assigned, now: clock.now)
        }
    }

    /// Mirrors progress to the log, for tools that show lag. Its failure costs nothing: the progress is the authority.
    private func commit(_ consumer: any EventConsumer) async {
        lastCommit = clock.now
        let offsets = assignment.takeUncommitted()
        guard !offsets.isEmpty else { return }
        do {
            try await consumer.commit(offsets)
        } catch {
            logger.debug("Progress was not mirrored to the log", metadata: ["error": "\(error)"])
        }
    }

    private func note(_ error: any Error, _ message: Logger.Message, _ metadata: Logger.Metadata = [:]) {
        trouble = error
        logger.warning(message, metadata: metadata.merging(["error": "\(error)"]) { $1 })
    }

    private func settleTrouble() {
        telemetry.set(assigned: assignment.assigned.count, held: assignment.held.count, heldBytes: assignment.heldBytes)
        if assignment.held.isEmpty && assignment.comparison == nil { trouble = nil }
    }

    private func leave(_ consumer: any EventConsumer) async {
        await commit(consumer)
        try? await answer { try await consumer.unassign() }
        await consumer.close()
    }
}
