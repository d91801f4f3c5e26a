/// Times as milliseconds since 1970-01-01T00:00Z, and their RFC 3339 form.
public enum Timestamp {
    /// The latest time that is representable here: the end of the year 9999.
    public static let maximum: Int64 = 253_402_300_799_999

    /// Reads an RFC 3339 date-time with offset (section 5.6), such as `2025-05-01T12:00:00.250+02:00`.
    ///
    /// Digits past the millisecond are cut off. A leap second counts as the second after it.
    /// - Returns: milliseconds since 1970; `nil` where it is not such a text or not a real date or time of day.
    public static func parse(_ text: some RandomAccessCollection<UInt8>) -> Int64? {
        var reader = DateTimeReader(text: Array(text))
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T", "t", " "),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2),
            (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month: month, year: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        guard let milliseconds = reader.fraction(), let offset = reader.offsetMinutes(), reader.isAtEnd else {
            return nil
        }
        let days = CivilDate(year: year, month: month, day: day).dayNumber
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset * 60)
        return seconds * 1000 + Int64(milliseconds)
    }

    /// Writes a time as RFC 3339 in UTC with milliseconds, such as `2025-05-01T10:00:00.250Z`.
    public static func format(_ time: Int64) -> String {
        let (days, rest) = floorDivide(time, by: 86_400_000)
        let date = CivilDate(dayNumber: Int32(clamping: days))
        let second = rest / 1000
        return "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
            + ".\(padded(rest % 1000, 3))Z"
    }
}

/// Reads fixed-width fields from the front of a text.
private struct DateTimeReader {
    let text: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == text.count }

    mutating func digits(_ count: Int) -> Int? {
        guard text.count - index >= count else { return nil }
        var value = 0
        for byte in text[index..<index + count] {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        index += count
        return value
    }

    mutating func take(_ choices: Unicode.Scalar...) -> Bool {
        guard index < text.count, choices.contains(Unicode.Scalar(text[index])) else { return false }
        index += 1
        return true
    }

    /// Milliseconds of an optional fraction; `nil` for a point without digits.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var value = 0
        var count = 0
        while let digit = digits(1) {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        return count == 1 ? value * 100 : count == 2 ? value * 10 : value
    }

    mutating func offsetMinutes() -> Int? {
        if take("Z", "z") { return 0 }
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
