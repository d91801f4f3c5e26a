import Events
import Stores
import Testing

extension RawEventStoreCheck {
    static let progress: [RawEventStoreCheck] = [
        .init("a partition never seen has no progress") { fixture in
            let store = try await fixture.open()
            #expect(try await store.latestProgress(of: [0, 1]).isEmpty)
            await store.close()
        },
        .init("an epoch begins once: the first state stays") { fixture in
            let store = try await fixture.open()
            let begun = IngestProgress(partition: .first, first: 40)
            #expect(try await store.beginEpoch(begun) == begun)
            #expect(try await store.beginEpoch(IngestProgress(partition: .first, first: 50)) == begun)
            #expect(try await store.latestProgress(of: [0]) == [0: begun])
            await store.close()
        },
        .init("progress advances with all of its books, also seen by another process") { fixture in
            let (store, other) = (try await fixture.open(), try await fixture.open())
            let begun = try await store.beginEpoch(IngestProgress(partition: .first, first: 3))
            var new = begun.advanced(by: 10, batch: "b1")
            new.next += 10
            (new.duplicate, new.dead, new.lost, new.gaps) = (1, 2, 3, 4)
            #expect(new.isBalanced)
            #expect(try await store.advance(from: begun, to: new) == .advanced)
            #expect(try await other.latestProgress(of: [0]) == [0: new])
            await store.close()
            await other.close()
        },
        .init("a late writer is superseded and told by what") { fixture in
            let store = try await fixture.open()
            let begun = try await store.beginEpoch(IngestProgress(partition: .first, first: 0))
            let winner = begun.advanced(by: 5, batch: "winner")
            #expect(try await store.advance(from: begun, to: winner) == .advanced)
            let late = begun.advanced(by: 5, batch: "late")
            #expect(try await store.advance(from: begun, to: late) == .superseded(by: winner))
            #expect(try await store.latestProgress(of: [0]) == [0: winner])
            await store.close()
        },
        .init("the same offset under another batch token is superseded") { fixture in
            let store = try await fixture.open()
            let begun = try await store.beginEpoch(IngestProgress(partition: .first, first: 0))
            var same = begun
            same.batch = "token"
            #expect(try await store.advance(from: begun, to: same) == .advanced)
            #expect(
                try await store.advance(from: begun, to: begun.advanced(by: 1, batch: "x")) == .superseded(by: same))
            await store.close()
        },
        .init("a repetition recognises its own success by the batch token") { fixture in
            let store = try await fixture.open()
            let begun = try await store.beginEpoch(IngestProgress(partition: .first, first: 0))
            let new = begun.advanced(by: 5, batch: "mine")
            #expect(try await store.advance(from: begun, to: new) == .advanced)
            #expect(try await store.advance(from: begun, to: new) == .advanced)
            await store.close()
        },
        .init("several partitions move at once, each for itself") { fixture in
            let store = try await fixture.open()
            var begun: [IngestProgress] = []
            for partition: Int32 in 0..<3 {
                let first = IngestProgress(partition: PartitionEpoch(epoch: 1, partition: partition), first: 0)
                begun.append(try await store.beginEpoch(first))
            }
            let other = begun[1].advanced(by: 9, batch: "other")
            #expect(try await store.advance(from: begun[1], to: other) == .advanced)
            let strange = IngestProgress(partition: PartitionEpoch(epoch: 7, partition: 9), first: 0)
            let moves = (begun + [strange]).map { ProgressMove(from: $0, to: $0.advanced(by: 5, batch: "all")) }
            let outcomes = await store.advance(moves)
            try #require(outcomes.count == 4)
            #expect(try outcomes[0].get() == .advanced)
            #expect(try outcomes[1].get() == .superseded(by: other))
            #expect(try outcomes[2].get() == .advanced)
            #expect(throws: DatabaseError.self) { try outcomes[3].get() }
            #expect(
                try await store.latestProgress(of: [0, 1, 2, 9]) == [0: moves[0].new, 1: other, 2: moves[2].new])
            #expect(await store.advance([]).isEmpty)
            await store.close()
        },
        .init("progress that was never begun does not advance") { fixture in
            let store = try await fixture.open()
            let old = IngestProgress(partition: .first, first: 0)
            await #expect(throws: DatabaseError.self) {
                try await store.advance(from: old, to: old.advanced(by: 1, batch: "x"))
            }
            #expect(try await store.latestProgress(of: [0]).isEmpty)
            await store.close()
        },
        .init("the latest epoch of each partition is chosen, by number") { fixture in
            let store = try await fixture.open()
            for epoch: Int32 in [2, 10, 9, 1] {
                _ = try await store.beginEpoch(
                    IngestProgress(partition: PartitionEpoch(epoch: epoch, partition: 0), first: Int64(epoch)))
            }
            let single = IngestProgress(partition: PartitionEpoch(epoch: 3, partition: 11), first: 7)
            _ = try await store.beginEpoch(single)
            let latest = try await store.latestProgress(of: [0, 1, 11])
            #expect(latest[0]?.partition.epoch == 10 && latest[0]?.first == 10)
            #expect(latest[11] == single && latest[1] == nil && latest.count == 2)
            #expect(try await store.latestProgress(of: [1]).isEmpty)
            await store.close()
        },
        .init("a reader sees every epoch and partition, in order") { fixture in
            let store = try await fixture.open()
            let all = [(2, 0), (1, 10), (1, 2), (10, 1), (2, 1)].map {
                IngestProgress(partition: PartitionEpoch(epoch: Int32($0.0), partition: Int32($0.1)), first: 0)
            }
            for progress in all { _ = try await store.beginEpoch(progress) }
            let seen = try await store.withConsistentReader { try await $0.progress() }
            #expect(seen == all.sorted { $0.partition < $1.partition })
            await store.close()
        },
    ]

    static let races: [RawEventStoreCheck] = [
        .init("of two writers that race for progress exactly one wins, 100 times") { fixture in
            let (one, two) = (try await fixture.open(), try await fixture.open())
            var state = try await one.beginEpoch(IngestProgress(partition: .first, first: 0))
            for round in 0..<100 {
                let (left, right) = (
                    state.advanced(by: 1, batch: "left \(round)"), state.advanced(by: 2, batch: "right \(round)")
                )
                let old = state
                async let first = one.advance(from: old, to: left)
                async let second = two.advance(from: old, to: right)
                let outcomes = (try await first, try await second)
                let leftWon = outcomes == (.advanced, .superseded(by: left))
                let rightWon = outcomes == (.superseded(by: right), .advanced)
                try #require(leftWon != rightWon, "round \(round): \(outcomes)")
                state = leftWon ? left : right
                try #require(try await one.latestProgress(of: [0]) == [0: state])
            }
            await one.close()
            await two.close()
        },
        .init("all who begin the same epoch at once get the same state") { fixture in
            let stores = [try await fixture.open(), try await fixture.open()]
            for partition: Int32 in 0..<20 {
                let begun = try await withThrowingTaskGroup(of: IngestProgress.self) { group in
                    for first: Int64 in 0..<4 {
                        group.addTask {
                            let partition = PartitionEpoch(epoch: 1, partition: partition)
                            return try await stores[Int(first) % 2].beginEpoch(
                                IngestProgress(partition: partition, first: first))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(begun.allSatisfy { $0 == begun[0] })
                #expect(try await stores[0].latestProgress(of: [partition]) == [partition: begun[0]])
            }
            for store in stores { await store.close() }
        },
    ]
}
