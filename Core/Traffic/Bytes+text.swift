internal import Events

/// Text, written without a `String` in between: it is done for every event.
extension [UInt8] {
    mutating func add(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    mutating func add(_ text: String) { append(contentsOf: text.utf8) }

    mutating func add(hex value: UInt64, digits: Int) {
        for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(place)) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    mutating func add(number: Int) {
        if number >= 10 { add(number: number / 10) }
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// Hundredths as a number with two decimals.
    mutating func add(amount: Int) {
        add(number: amount / 100)
        add(".")
        append(UInt8(ascii: "0") + UInt8(amount / 10 % 10))
        append(UInt8(ascii: "0") + UInt8(amount % 10))
    }

    /// RFC 3339 in UTC, with milliseconds.
    mutating func add(stamp: Int64) { append(contentsOf: Timestamp.format(stamp).utf8) }

    /// A UUID of version 7 or 4 (RFC 9562).
    mutating func add(id name: (UInt64, UInt64), stamp: Int64, _ ids: TrafficPlan.IDs) {
        let (time, version): (UInt64, UInt64) =
            switch ids {
            case .ordered: (UInt64(bitPattern: stamp), 0x7000)
            case .random: (name.0 >> 16, 0x4000)
            }
        add(hex: time >> 16, digits: 8)
        add("-")
        add(hex: time, digits: 4)
        add("-")
        add(hex: version | name.0 & 0xFFF, digits: 4)
        add("-")
        add(hex: 0x8000 | name.1 >> 48 & 0x3FFF, digits: 4)
        add("-")
        add(hex: name.1, digits: 12)
    }
}
