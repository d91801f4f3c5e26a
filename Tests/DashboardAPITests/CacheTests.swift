import Bitmaps
import Events
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Stores
import Synchronization
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// How often something happened.
private final class Count: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    func raise() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Answers that are kept: bounded, and never staler than the revision.
struct CacheTests {
    private func key(_ query: String, _ format: AnswerFormat = .json, scope: String = "*") -> AnswerCache.Key {
        AnswerCache.Key(route: "/x", query: query, format: format, scope: scope)
    }

    @Test func ofOneRevisionOnly() {
        let cache = AnswerCache(limit: 1 << 20)
        cache.keep([1], key("a"), at: 5)
        #expect(cache.body(key("a"), at: 5) == [1])
        #expect(cache.body(key("a"), at: 6) == nil)
        #expect(cache.body(key("a", .csv), at: 5) == nil)
        #expect(cache.body(key("a", scope: "web"), at: 5) == nil)
        cache.keep([2], key("b"), at: 6)
        #expect(cache.body(key("a"), at: 5) == nil)
        #expect(cache.body(key("b"), at: 6) == [2])
    }

    /// What is used stays; what is not goes; and what is too large never comes in.
    @Test func bounded() {
        let cache = AnswerCache(limit: 100_000)
        let body = [UInt8](repeating: 7, count: 9_000)
        for number in 0..<200 {
            cache.keep(body, key("\(number)"), at: 1)
            #expect(cache.body(key("0"), at: 1) != nil, "used all the time")
        }
        #expect((0..<200).count { cache.body(key("\($0)"), at: 1) != nil } <= 11)
        cache.keep([UInt8](repeating: 7, count: 13_000), key("large"), at: 1)
        #expect(cache.body(key("large"), at: 1) == nil)
        let off = AnswerCache(limit: 0)
        off.keep([1], key("a"), at: 1)
        #expect(off.body(key("a"), at: 1) == nil)
    }

    /// Questions between commits, one by one: each answer is that of the store as it is then.
    @Test func neverStale() async throws {
        let store = RollupStoreModel(RollupTables([Visit(date: "2025-05-01", user: 1)]))
        let router = Router(context: DashboardContext.self)
        addDashboardRoutes(
            to: router, store: store, timeZone: "Europe/Berlin", cacheSize: 1 << 20, access: .open,
            pipeline: nil, now: { 0 })
        try await Application(router: router).test(.router) { client in
            func ask(_ headers: HTTPFields = [:]) async throws -> TestResponse {
                try await client.execute(
                    uri: "/api/analytics/visitors?date=2025-05-01", method: .get, headers: headers)
            }
            for user in UInt32(2)..<40 {
                let before = try await ask()
                #expect(try JSON(before)["visitors"].int == Int(user) - 1)
                #expect(try await ask([.ifNoneMatch: before.headers[.eTag]!]).status == .notModified)
                try await store.withTransaction { transaction in
                    let key = RollupKey(
                        source: "web", granularity: .day, period: CivilDate("2025-05-01")!.dayNumber,
                        dimension: allDimension, value: "")
                    try await transaction.add([(key, RollupCounts(events: 1, visitors: 1))])
                    try await transaction.raiseRevision()
                }
                let after = try await ask([.ifNoneMatch: before.headers[.eTag]!])
                #expect(after.status == .ok)
                #expect(try JSON(after)["visitors"].int == Int(user))
                #expect(try JSON(after)["revision"].int == Int(user) + 6)
            }
            // Only how fresh the numbers are has changed.
            try await store.withTransaction { try await $0.setCompleteThrough(1_746_100_800_000) }
            #expect(try JSON(try await ask())["completeThrough"].text == "2025-05-01T12:00:00.000Z")
        }
    }

    /// A request gets what was read after it came, and many requests share a read.
    @Test func readsAreShared() async throws {
        let begun = Count()
        let reads = StateReads {
            let number = begun.raise()
            for _ in 0..<20 { await Task.yield() }
            return RollupState(timeZone: "UTC", completeThrough: nil, revision: Int64(number))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    for _ in 0..<5 {
                        let before = begun.value
                        let read = try await reads.current().revision
                        #expect(read > Int64(before), "the read began after the request")
                    }
                }
            }
            try await group.waitForAll()
        }
        let count = begun.value
        #expect(count < 1000)
        #expect(try await reads.current().revision == Int64(count) + 1, "nobody waits for ever")
    }

    @Test func aFailedReadIsEverybodysAndTheNextSucceeds() async throws {
        let fails = Mutex(true)
        let reads = StateReads {
            await Task.yield()
            if fails.withLock({ $0 }) { throw DatabaseError(.timedOut, store: "model", "told to") }
            return RollupState(timeZone: "UTC", completeThrough: nil, revision: 1)
        }
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    await #expect(throws: DatabaseError.self) { try await reads.current() }
                }
            }
        }
        fails.withLock { $0 = false }
        #expect(try await reads.current().revision == 1)
    }

    /// Whoever reads for others may be cancelled: the others read again.
    @Test func aCancelledLeaderTakesNobodyWithIt() async throws {
        let reads = StateReads {
            for _ in 0..<50 {
                try Task.checkCancellation()
                await Task.yield()
            }
            return RollupState(timeZone: "UTC", completeThrough: nil, revision: 1)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                let leader = Task { try await reads.current() }
                group.addTask {
                    let revision = try await reads.current().revision
                    #expect(revision == 1)
                }
                group.addTask { leader.cancel() }
            }
            try await group.waitForAll()
        }
    }
}
