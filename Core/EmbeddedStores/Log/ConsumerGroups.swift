import Stores
import Synchronization

/// The consumer groups of a log in this process: eager `range` assignment, as in Kafka. Nobody else can open the log,
/// so members never vanish: they leave.
final class ConsumerGroups: Sendable {
    /// A group of a topic.
    struct Name: Hashable, Sendable {
        var group: String
        var topic: Topic
    }

    /// What a member has to be told.
    enum News: Sendable, Equatable {
        case assigned([Int32])
        case revoked([Int32])
    }

    private struct Member {
        var partitions: [Int32] = []
        /// Whether it has been told to give its partitions back and has not done so.
        var isRevoking = false
        var news: News?
    }

    private struct Group {
        var members: [Int: Member] = [:]
        var partitions: Int
    }

    private struct State {
        var groups: [Name: Group] = [:]
        var nextMember = 0
    }

    private let state = Mutex(State())

    /// Adds a member; the others give back what they have, then all share anew.
    func join(_ name: Name, partitions: Int) -> Int {
        state.withLock { state in
            let member = state.nextMember
            state.nextMember += 1
            var group = state.groups[name] ?? Group(partitions: partitions)
            Self.revokeAll(&group)
            group.members[member] = Member()
            Self.assignIfFree(&group)
            state.groups[name] = group
            return member
        }
    }

    /// Removes a member; the others share what it had.
    func leave(_ name: Name, _ member: Int) {
        state.withLock { state in
            guard var group = state.groups[name], group.members.removeValue(forKey: member) != nil else { return }
            Self.revokeAll(&group)
            Self.assignIfFree(&group)
            state.groups[name] = group
        }
    }

    /// What a member has to be told, once.
    func takeNews(_ name: Name, _ member: Int) -> News? {
        state.withLock { state in
            defer { state.groups[name]?.members[member]?.news = nil }
            return state.groups[name]?.members[member]?.news
        }
    }

    /// Whether a member has to be told something.
    func hasNews(_ name: Name, _ member: Int) -> Bool {
        state.withLock { $0.groups[name]?.members[member]?.news != nil }
    }

    /// A member has given back its partitions.
    func released(_ name: Name, _ member: Int) {
        state.withLock { state in
            guard var group = state.groups[name], group.members[member] != nil else { return }
            group.members[member]?.partitions = []
            group.members[member]?.isRevoking = false
            Self.assignIfFree(&group)
            state.groups[name] = group
        }
    }

    /// Whether a member has not given back these partitions, told to or not: until then nobody else gets them.
    func holds(_ name: Name, _ member: Int, _ partitions: some Collection<Int32>) -> Bool {
        state.withLock { state in
            guard let entry = state.groups[name]?.members[member] else { return false }
            return partitions.allSatisfy(entry.partitions.contains)
        }
    }

    private static func revokeAll(_ group: inout Group) {
        for (number, member) in group.members where !member.partitions.isEmpty && !member.isRevoking {
            // One that has not been told of its partitions yet need not be told that they are gone.
            if case .assigned = member.news {
                group.members[number] = Member()
            } else {
                group.members[number]?.isRevoking = true
                group.members[number]?.news = .revoked(member.partitions)
            }
        }
    }

    /// Shares the partitions when nobody holds any: in ranges, the first members get one more where they do not divide.
    private static func assignIfFree(_ group: inout Group) {
        guard group.members.values.allSatisfy(\.partitions.isEmpty) else { return }
        var next: Int32 = 0
        for (place, number) in group.members.keys.sorted().enumerated() {
            let (share, rest) = group.partitions.quotientAndRemainder(dividingBy: group.members.count)
            let end = next + Int32(share + (place < rest ? 1 : 0))
            group.members[number]?.partitions = Array(next..<end)
            group.members[number]?.news = .assigned(Array(next..<end))
            next = end
        }
    }
}
