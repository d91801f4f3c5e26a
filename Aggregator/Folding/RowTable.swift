import Stores

/// The rows of a fold by a number that names them: open addressing, since each event looks up a dozen.
struct RowTable: Sendable {
    /// No row has this name: its granularity bit and all others would be set.
    private static let free = UInt64.max

    private var names = [UInt64](repeating: RowTable.free, count: 256)
    private var places = [Int32](repeating: 0, count: 256)
    /// The tallies, in the order in which their rows were met, with their names.
    private(set) var rows: [(name: UInt64, tally: UserTally)] = []

    /// Counts an event of a user in a row.
    mutating func add(_ user: UInt32, of population: Int, to name: UInt64) {
        rows[place(of: name)].tally.add(user, of: population)
    }

    private mutating func place(of name: UInt64) -> Int {
        let mask = names.count - 1
        var index = Int(truncatingIfNeeded: Self.mix(name)) & mask
        while names[index] != name {
            if names[index] == Self.free { return insert(name, at: index) }
            index = (index + 1) & mask
        }
        return Int(places[index])
    }

    private mutating func insert(_ name: UInt64, at index: Int) -> Int {
        names[index] = name
        places[index] = Int32(rows.count)
        rows.append((name, UserTally()))
        if rows.count * 2 > names.count { grow() }
        return rows.count - 1
    }

    private mutating func grow() {
        names = [UInt64](repeating: Self.free, count: names.count * 4)
        places = [Int32](repeating: 0, count: names.count)
        let mask = names.count - 1
        for (place, row) in rows.enumerated() {
            var index = Int(truncatingIfNeeded: Self.mix(row.name)) & mask
            while names[index] != Self.free { index = (index + 1) & mask }
            (names[index], places[index]) = (row.name, Int32(place))
        }
    }

    /// The upper half of a product with the golden ratio: neighbouring names go far apart.
    private static func mix(_ name: UInt64) -> UInt64 {
        let product = name.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}

/// A row of a fold as one number: granularity, dimension, value and period, and for an interval the local day.
struct RowName {
    /// Values of a dimension in one fold, at most: its number has 24 bits.
    static let maximumValues = 1 << 24 - 1

    var isInterval: Bool
    var dimension: Int
    var value: UInt32
    var period: PeriodNumber
    /// The local day of an interval, less the UTC day that it lies in: -1, 0 or 1.
    var dayShift: PeriodNumber = 0

    init(isInterval: Bool, dimension: Int, value: UInt32, period: PeriodNumber, dayShift: PeriodNumber = 0) {
        (self.isInterval, self.dimension, self.value) = (isInterval, dimension, value)
        (self.period, self.dayShift) = (period, dayShift)
    }

    /// 1 bit of granularity, 2 of the shift, 5 of the dimension, 24 of the value, 32 of the period.
    var packed: UInt64 {
        (isInterval ? 1 << 63 : 0) | UInt64(dayShift + 1) << 61 | UInt64(dimension) << 56 | UInt64(value) << 32
            | UInt64(UInt32(bitPattern: period))
    }

    init(packed name: UInt64) {
        isInterval = name >> 63 == 1
        dayShift = PeriodNumber(name >> 61 & 3) - 1
        dimension = Int(name >> 56 & 31)
        value = UInt32(name >> 32 & 0xFF_FFFF)
        period = PeriodNumber(bitPattern: UInt32(truncatingIfNeeded: name))
    }

    /// The local day.
    var day: PeriodNumber { isInterval ? Self.utcDay(of: period) + dayShift : period }

    /// The UTC day of an interval: 96 of them a day.
    static func utcDay(of interval: PeriodNumber) -> PeriodNumber {
        interval >= 0 ? interval / 96 : -((-interval + 95) / 96)
    }
}
