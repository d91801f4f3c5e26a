/// Which user was met in which row, as events came: written one after the other, and brought into order in bulk. An event
/// costs a few bytes written in order, where a set for each row would be a jump in memory for each.
struct MeetingLog: Sendable {
    /// Entries, at most: 4 MiB, and twice that while they are being ordered.
    private static let limit = 1 << 19
    /// Bits of a number that one pass of ordering looks at.
    private static let digit = 11

    /// A row in the upper half, a user in the lower one.
    private var entries: [UInt64] = []

    var isFull: Bool { entries.count >= Self.limit }

    /// Notes that a user was met in a row.
    mutating func append(_ user: UInt32, in row: UInt32) { entries.append(UInt64(row) << 32 | UInt64(user)) }

    /// Empties the log into the tallies of rows.
    /// - Parameter population: how many users have been met in all.
    mutating func flush(into tallies: inout [UserTally], of population: Int) {
        withOrderedEntries(users: population, rows: tallies.count) { entries in
            var rest = entries[...]
            while let first = rest.first {
                let part = rest.prefix { $0 >> 32 == first >> 32 }
                tallies[Int(first >> 32)].add(Self.users(of: part), events: Int64(part.count), of: population)
                rest = rest[part.endIndex...]
            }
        }
        entries.removeAll(keepingCapacity: true)
    }

    private static func users(of part: Slice<UnsafeBufferPointer<UInt64>>) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: part.count) { users, count in
            for entry in part {
                let user = UInt32(truncatingIfNeeded: entry)
                guard count == 0 || users[count - 1] != user else { continue }
                users[count] = user
                count += 1
            }
        }
    }

    /// The entries by row, then by user: digit by digit from the lowest, each pass keeping what the last one did.
    private func withOrderedEntries(users: Int, rows: Int, _ body: (UnsafeBufferPointer<UInt64>) -> Void) {
        guard entries.count > 1 << Self.digit else { return entries.sorted().withUnsafeBufferPointer(body) }
        let shifts = [(0, users), (32, rows)].flatMap { start, count in
            stride(from: start, to: start + Int.bitWidth - count.leadingZeroBitCount, by: Self.digit)
        }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * entries.count) { room in
            let halves = [room[..<entries.count], room[entries.count...]].map(
                UnsafeMutableBufferPointer.init(rebasing:))
            entries.withUnsafeBufferPointer { entries in
                var from = entries
                for (pass, shift) in shifts.enumerated() {
                    Self.order(from, into: halves[pass & 1], by: UInt64(shift))
                    from = UnsafeBufferPointer(halves[pass & 1])
                }
                body(from)
            }
        }
    }

    private static func order(
        _ from: UnsafeBufferPointer<UInt64>, into to: UnsafeMutableBufferPointer<UInt64>, by shift: UInt64
    ) {
        let mask = UInt64(1 << digit - 1)
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 1 << digit) { places in
            places.initialize(repeating: 0)
            for entry in from { places[Int(entry >> shift & mask)] += 1 }
            var next = 0
            for index in places.indices { (places[index], next) = (next, next + places[index]) }
            for entry in from {
                let index = Int(entry >> shift & mask)
                to[places[index]] = entry
                places[index] += 1
            }
        }
    }
}
