/// Times as milliseconds since 1970-01-01T00:00Z, and their RFC 3339 form.
public enum Timestamp {
    /// The latest time that is representable here: the end of the year 9999.
    public static let maximum: Int64 = 253_402_300_799_999
    /// The start of the year 0.
    private static let minimum: Int64 = -62_167_219_200_000

    /// Reads an RFC 3339 date-time with offset (section 5.6), such as `2025-05-01T12:00:00.250+02:00`.
    ///
    /// Digits past the millisecond are cut off. A leap second, which is allowed where one can be (23:59:60 UTC),
    /// counts as the second after it.
    /// - Returns: milliseconds since 1970; `nil` where it is not such a text or not a real date or time of day.
    public static func parse(_ text: some Collection<UInt8>) -> Int64? {
        text.withContiguousStorageIfAvailable { parse($0) } ?? Array(text).withUnsafeBufferPointer { parse($0) }
    }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var reader = DateTimeReader(text: text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2),
            (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month: month, year: year),
            hour < 24, minute < 60, second <= 60,
            let milliseconds = reader.fraction(), let offset = reader.offsetMinutes(), reader.isAtEnd
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).dayNumber
        let minutes = Int64(days) * 1440 + Int64(hour * 60 + minute - offset)
        guard second < 60 || (minutes + 1) % 1440 == 0 else { return nil }
        return (minutes * 60 + Int64(second)) * 1000 + Int64(milliseconds)
    }

    /// Writes a time as RFC 3339 in UTC with milliseconds, such as `2025-05-01T10:00:00.250Z`.
    ///
    /// RFC 3339 has the years 0 to 9999 only: a time outside is written as the first or last of them.
    public static func format(_ time: Int64) -> String {
        let (days, rest) = floorDivide(min(max(time, minimum), maximum), by: 86_400_000)
        let date = CivilDate(dayNumber: Int32(clamping: days))
        return String(unsafeUninitializedCapacity: 24) { text in
            var place = 0
            func put(_ value: Int, _ width: Int, _ end: Unicode.Scalar) {
                var value = value
                for digit in stride(from: place + width - 1, through: place, by: -1) {
                    text[digit] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                text[place + width] = UInt8(ascii: end)
                place += width + 1
            }
            let second = Int(rest / 1000)
            put(date.year, 4, "-")
            put(date.month, 2, "-")
            put(date.day, 2, "T")
            put(second / 3600, 2, ":")
            put(second / 60 % 60, 2, ":")
            put(second % 60, 2, ".")
            put(Int(rest % 1000), 3, "Z")
            return place
        }
    }
}

/// Reads fixed-width fields from the front of a text.
private struct DateTimeReader {
    let text: UnsafeBufferPointer<UInt8>
    var index = 0

    init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    var isAtEnd: Bool { index == text.count }

    @inline(__always)
    mutating func digits(_ count: Int) -> Int? {
        guard text.count - index >= count else { return nil }
        var value = 0
        for offset in 0..<count {
            let digit = text[index + offset] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        index += count
        return value
    }

    @inline(__always)
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    /// Milliseconds of an optional fraction; `nil` for a point without digits.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        guard let first = digits(1) else { return nil }
        let second = digits(1)
        let third = second == nil ? nil : digits(1)
        while third != nil, digits(1) != nil {}
        return first * 100 + (second ?? 0) * 10 + (third ?? 0)
    }

    mutating func offsetMinutes() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 60 + minutes)
    }
}

/// Division rounding down, with a remainder that is never negative.
func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// A number with leading zeros.
func padded(_ value: some BinaryInteger, _ width: Int) -> String {
    let digits = String(value)
    return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
}
