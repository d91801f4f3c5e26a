/// Events of a row of a fold, and the users met in it by local number: a list while they are few among all, a bit for
/// each when they are many.
struct UserTally: Sendable {
    /// Events counted.
    private(set) var events: Int64 = 0
    /// Numbers in order of arrival, with repetitions; empty where `bits` holds them.
    private var list: [UInt32] = []
    private var bits: [UInt64] = []
    /// The length of the list at which it is looked at again.
    private var threshold = 64

    /// Counts an event of a user.
    /// - Parameter population: how many users have been met in all, this one among them.
    mutating func add(_ user: UInt32, of population: Int) {
        events += 1
        if !bits.isEmpty { return setBit(user) }
        guard list.last != user else { return }
        list.append(user)
        if list.count >= threshold { shorten(population) }
    }

    private mutating func setBit(_ user: UInt32) {
        let word = Int(user >> 6)
        if word >= bits.count {
            bits.append(contentsOf: repeatElement(0, count: max(word + 1, bits.count * 2) - bits.count))
        }
        bits[word] |= 1 << UInt64(user & 63)
    }

    /// Removes repetitions; takes to bits where those are smaller: a 32nd of the population in a list is as large.
    private mutating func shorten(_ population: Int) {
        list = Self.unique(list)
        threshold = max(64, list.count * 2)
        guard list.count > population / 32 else { return }
        let users = list
        bits = [UInt64](repeating: 0, count: population / 64 + 1)
        list = []
        for user in users { setBit(user) }
    }

    /// Adds what another tally of the same users counted.
    mutating func add(_ other: UserTally) {
        events += other.events
        list = Self.unique(users + other.users)
        bits = []
    }

    /// The users, each once, ascending.
    var users: [UInt32] {
        guard !bits.isEmpty else { return Self.unique(list) }
        var users: [UInt32] = []
        for (index, word) in bits.enumerated() {
            var rest = word
            while rest != 0 {
                users.append(UInt32(index) << 6 | UInt32(rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return users
    }

    private static func unique(_ users: [UInt32]) -> [UInt32] {
        var sorted = users.sorted()
        var last: UInt32?
        sorted.removeAll { user in
            defer { last = user }
            return user == last
        }
        return sorted
    }
}
