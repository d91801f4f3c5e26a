import Stores

/// The rows of a fold, numbered as they are met, by the numbers that name them: open addressing, since each event looks
/// up one or more.
struct RowTable: Sendable {
    private static let free = UInt32.max

    /// By number: the names.
    private(set) var names: [UInt64] = []
    private var slots = [UInt32](repeating: RowTable.free, count: 256)

    /// The number of a row.
    mutating func number(of name: UInt64) -> UInt32 {
        var slot = place(of: name)
        while slots[slot] != Self.free {
            if names[Int(slots[slot])] == name { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let new = UInt32(names.count)
        slots[slot] = new
        names.append(name)
        if names.count * 2 > slots.count { grow() }
        return new
    }

    private mutating func grow() {
        slots = [UInt32](repeating: Self.free, count: slots.count * 2)
        for (number, name) in names.enumerated() {
            var slot = place(of: name)
            while slots[slot] != Self.free { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(number)
        }
    }

    /// By the two halves of a product with the golden ratio: neighbouring names go far apart.
    private func place(of name: UInt64) -> Int {
        let product = name.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (slots.count - 1)
    }
}

/// A row of a fold as one number: granularity, dimension, value and period, and for an interval the local day.
struct RowName {
    /// Values of a dimension in one fold, at most: its number has 24 bits, and one of them is taken.
    static let maximumValues = 1 << 24 - 1
    /// The number of all values that have no rows of their own.
    static let other = UInt32(maximumValues)

    var isInterval: Bool
    var dimension: Int
    var value: UInt32
    var period: PeriodNumber
    /// The local day of an interval, less the UTC day that it lies in: -1, 0 or 1.
    var dayShift: PeriodNumber = 0

    /// 1 bit of granularity, 2 of the shift, 5 of the dimension, 24 of the value, 32 of the period.
    var packed: UInt64 {
        (isInterval ? 1 << 63 : 0) | UInt64(dayShift + 1) << 61 | UInt64(dimension) << 56 | UInt64(value) << 32
            | UInt64(UInt32(bitPattern: period))
    }

    /// The local day.
    var day: PeriodNumber { isInterval ? Self.utcDay(of: period) + dayShift : period }

    /// The UTC day of an interval: 96 of them a day.
    static func utcDay(of interval: PeriodNumber) -> PeriodNumber {
        interval >= 0 ? interval / 96 : -((-interval + 95) / 96)
    }
}

extension RowName {
    init(packed name: UInt64) {
        isInterval = name >> 63 == 1
        dayShift = PeriodNumber(name >> 61 & 3) - 1
        dimension = Int(name >> 56 & 31)
        value = UInt32(name >> 32 & 0xFF_FFFF)
        period = PeriodNumber(bitPattern: UInt32(truncatingIfNeeded: name))
    }
}
