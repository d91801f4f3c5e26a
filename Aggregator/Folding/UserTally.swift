/// Events of a row of a fold, and the users met in it by local number: a list while they are few among all, a bit for
/// each when they are many.
struct UserTally: Sendable {
    /// Events counted.
    private(set) var events: Int64 = 0
    /// Numbers, with repetitions unless `isOrdered`; empty where `bits` holds them.
    private var list: [UInt32] = []
    private var isOrdered = true
    private var bits: [UInt64] = []

    /// Counts events.
    /// - Parameters:
    ///   - users: who made them, each once, ascending.
    ///   - population: how many users have been met in all. A list of a 32nd of them is as large as a bit for each.
    mutating func add(_ users: [UInt32], events: Int64, of population: Int) {
        self.events += events
        guard bits.isEmpty else { return setBits(users) }
        if list.isEmpty {
            list = users
        } else {
            isOrdered = false
            list += users
        }
        guard list.count > max(64, population / 32) else { return }
        bits = [UInt64](repeating: 0, count: population / 64 + 1)
        setBits(list)
        list = []
    }

    private mutating func setBits(_ users: [UInt32]) {
        guard let last = users.max() else { return }
        let words = Int(last >> 6) + 1
        if words > bits.count { bits.append(contentsOf: repeatElement(0, count: words - bits.count)) }
        bits.withUnsafeMutableBufferPointer { bits in
            for user in users { bits[Int(user >> 6)] |= 1 << UInt64(user & 63) }
        }
    }

    /// The users, each once, ascending.
    var users: [UInt32] {
        guard bits.isEmpty else { return usersOfBits }
        return isOrdered ? list : Self.unique(list)
    }

    private var usersOfBits: [UInt32] {
        let total = bits.reduce(0) { $0 + $1.nonzeroBitCount }
        return [UInt32](unsafeUninitializedCapacity: total) { users, count in
            for (index, word) in bits.enumerated() {
                var rest = word
                while rest != 0 {
                    users[count] = UInt32(index) << 6 | UInt32(rest.trailingZeroBitCount)
                    count += 1
                    rest &= rest - 1
                }
            }
        }
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
