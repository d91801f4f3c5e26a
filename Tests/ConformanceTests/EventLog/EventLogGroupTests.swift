import Stores
import Testing

/// What every `EventLog` does for several members of a group.
@Suite("EventLog: groups") struct EventLogGroupTests {
    private static let partitions = 6

    @Test("two members share the partitions, and every record arrives", arguments: EventLogEngine.all)
    func share(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: Self.partitions]) { fixture, log in
            try await withMembers(fixture, count: 2, leaving: true) { members, _ in
                try await eventually("both have partitions") { try await sharedOut(members) }
                let places = try await log.produce(RecordBatch("shared", 3_000), to: .checked)
                try await eventually("every record arrives") { await seen(members).isSuperset(of: places) }
                for member in members { #expect(await !member.seen.isEmpty) }
            }
        }
    }

    @Test("a member that leaves is replaced", arguments: EventLogEngine.all)
    func leaving(_ engine: EventLogEngine) async throws { try await takeover(engine, leaving: true) }

    @Test("a member that is gone without a word is replaced", arguments: EventLogEngine.all)
    func killed(_ engine: EventLogEngine) async throws { try await takeover(engine, leaving: false) }

    @Test("groups do not know of each other", arguments: EventLogEngine.all)
    func groups(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 2]) { _, log in
            let first = try await log.consumer(group: "one", topic: .checked)
            let second = try await log.consumer(group: "two", topic: .checked)
            async let given = first.awaitAssignment()
            #expect(try await second.awaitAssignment() == [0, 1])
            #expect(try await given == [0, 1])
            await first.close()
            await second.close()
            await second.close()
        }
    }

    private func takeover(_ engine: EventLogEngine, leaving: Bool) async throws {
        try await engine.check([.checked: Self.partitions]) { fixture, log in
            try await withMembers(fixture, count: 2, leaving: leaving) { members, tasks in
                try await eventually("both have partitions") { try await sharedOut(members) }
                let before = try await log.produce(RecordBatch("before", 600), to: .checked)
                try await eventually("the first records arrive") { await seen(members).isSuperset(of: before) }
                tasks[0].cancel()
                let after = try await log.produce(RecordBatch("after", 600), to: .checked)
                try await eventually("the other member takes all over", within: .seconds(60)) {
                    await members[1].partitions.count == Self.partitions
                }
                try await eventually("every record arrives") { await seen(members).isSuperset(of: after) }
            }
        }
    }

    /// Every partition has exactly one owner, and every member one at least.
    private func sharedOut(_ members: [GroupMember]) async throws -> Bool {
        var owned: [[Int32]] = []
        for member in members {
            if let failure = await member.failure { throw failure }
            owned.append(await member.partitions)
        }
        return owned.joined().sorted() == Array(0..<Int32(Self.partitions)) && !owned.contains([])
    }

    private func seen(_ members: [GroupMember]) async -> Set<LogOffset> {
        var all: Set<LogOffset> = []
        for member in members { all.formUnion(await member.seen.keys) }
        return all
    }

    /// Members that run, each with a log of its own as in a process of its own, until the body is done.
    private func withMembers(
        _ fixture: any EventLogFixture, count: Int, leaving: Bool,
        _ body: ([GroupMember], [Task<Void, Never>]) async throws -> Void
    ) async throws {
        var members: [GroupMember] = []
        for _ in 0..<count { members.append(GroupMember(try await fixture.open(), group: "members")) }
        let tasks = members.map { member in Task { await member.run(leaving: leaving) } }
        let result: Result<Void, any Error>
        do { result = .success(try await body(members, tasks)) } catch { result = .failure(error) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        try result.get()
    }
}
