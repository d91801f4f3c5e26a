import Stores

/// What came of draining a whole spill.
public struct SpillDrainResult: Sendable {
    /// Events that the log has acknowledged.
    public var drained: Int64 = 0
    /// Events still in the spill.
    public var left: Int64 = 0
    /// Events that the log refuses for good; they stay, too.
    public var refused: Int64 = 0
    /// Why the rest is left; `nil` where there is none.
    public var failure: (any Error)?
}

extension Spill {
    /// Drains everything once, also what was set aside before. A lane stops at its first failure: the log's client has
    /// tried again and again by then.
    /// - Parameter progress: told now and then how many events of how many are done.
    public func drainAll(_ progress: (_ done: Int64, _ total: Int64) -> Void) async -> SpillDrainResult {
        var result = SpillDrainResult()
        let (total, asideBefore) = (state.records, state.setAside)
        do {
            result.drained = try await retryRefused()
            result.failure = await drainLanes { progress(total - state.records, total) }
            result.refused = Int64(try await refusedExtent().count)
        } catch { result.failure = error }
        result.left = state.records
        // Those set aside just now have left their lanes and are not in the log.
        result.drained += total - result.left - (state.setAside - asideBefore)
        return result
    }

    private func drainLanes(_ tick: () -> Void) async -> (any Error)? {
        await withTaskGroup(of: LaneEnd?.self) { group in
            for lane in 0..<laneCount {
                group.addTask {
                    do { try await self.drain(lane) } catch { return LaneEnd(failure: error) }
                    return LaneEnd(failure: nil)
                }
            }
            var (running, failure) = (laneCount, (any Error)?.none)
            group.addTask { await Self.pause() }
            while running > 0, let end = await group.next() {
                tick()
                guard let end else {
                    group.addTask { await Self.pause() }
                    continue
                }
                running -= 1
                failure = failure ?? end.failure
            }
            group.cancelAll()
            return failure
        }
    }

    private static func pause() async -> LaneEnd? {
        try? await Task.sleep(for: .milliseconds(100))
        return nil
    }

    private func refusedExtent() async throws -> Range<Int64> {
        let extent = try await store.watermarks(of: Self.refused, partitions: [0])[0]
        return (extent?.low ?? 0)..<(extent?.high ?? 0)
    }

    /// Offers each record that was set aside to the log once more; one that is refused again goes to the end.
    /// - Returns: how many the log has taken.
    private func retryRefused() async throws -> Int64 {
        var taken: Int64 = 0
        for offset in try await refusedExtent() {
            let record = try await store.records(at: [LogOffset(partition: 0, offset: offset)], in: Self.refused)
            do {
                _ = try await log.produce(record.selecting(record.records.indices) { _ in -1 }, to: .userEvents)
                taken += Int64(record.count)
            } catch let error as EventLogError where error.code == .messageTooLarge {
                _ = try await store.produce(record, to: Self.refused)
            }
            try await store.trim(Self.refused, 0, below: offset + 1)
        }
        return taken
    }
}

/// A lane is done, or has failed.
private struct LaneEnd: Sendable { var failure: (any Error)? }
