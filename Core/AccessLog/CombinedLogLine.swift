internal import Events

/// A line in Combined Log Format, as Apache and nginx write it:
/// `address identity user [time] "request" status bytes "referrer" "user-agent"`, and whatever follows.
///
/// The fields are as written: `-` is not yet an absent value, and escapes are not yet decoded.
struct CombinedLogLine {
    let address: ArraySlice<UInt8>
    /// RFC 3339 with the line's offset, such as `2015-05-17T10:05:03+00:00`.
    let timestamp: String
    let request: ArraySlice<UInt8>
    /// `nil` for `-`.
    let status: Int?
    /// Bytes sent without headers; `nil` for `-`.
    let size: Int?
    let referrer: ArraySlice<UInt8>
    let userAgent: ArraySlice<UInt8>

    /// Reads a line without its line end.
    init(_ line: ArraySlice<UInt8>, number: Int) throws(AccessLogError) {
        var reader = FieldReader(line: line, number: number)
        address = try reader.field("the client's address")
        try reader.skip(past: " [", "the time in brackets")
        timestamp = try reader.time()
        request = try reader.quoted("the request")
        status = try reader.number("the status")
        size = try reader.number("the bytes sent")
        referrer = try reader.quoted("the referrer")
        userAgent = try reader.quoted("the user agent")
    }
}

/// Reads fields from the front of a line. Each but the first begins with the space before it.
private struct FieldReader {
    let line: ArraySlice<UInt8>
    let number: Int
    private var index: Int

    init(line: ArraySlice<UInt8>, number: Int) {
        self.line = line
        self.number = number
        index = line.startIndex
    }

    private func failure(_ reason: String) -> AccessLogError {
        let end = index >= line.endIndex ? ", found the line's end" : ""
        return AccessLogError(line: number, column: index - line.startIndex + 1, reason: reason + end)
    }

    /// Reads up to the next space, which must follow.
    mutating func field(_ what: String) throws(AccessLogError) -> ArraySlice<UInt8> {
        let start = index
        guard let end = line[start...].firstIndex(of: UInt8(ascii: " ")), end > start else {
            throw failure("expected \(what) and a space")
        }
        index = end
        return line[start..<end]
    }

    /// Names of users may hold spaces: what matters is where they end.
    mutating func skip(past mark: String, _ what: String) throws(AccessLogError) {
        var place = index
        while !line[place...].starts(with: mark.utf8) {
            guard place < line.endIndex else { throw failure("expected \(what)") }
            place += 1
        }
        index = place + mark.utf8.count
    }

    /// Reads `17/May/2015:10:05:03 +0000]`.
    mutating func time() throws(AccessLogError) -> String {
        let expected = "expected a time such as 17/May/2015:10:05:03 +0000]"
        guard line.endIndex - index >= 27, line[index + 26] == UInt8(ascii: "]") else { throw failure(expected) }
        let text = line[index..<index + 26]
        func part(_ from: Int, _ count: Int) -> String {
            String(decoding: text[text.startIndex + from..<text.startIndex + from + count], as: UTF8.self)
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard part(2, 1) == "/", part(6, 1) == "/", part(11, 1) == ":", part(20, 1) == " ",
            let month = months.firstIndex(of: part(3, 3))
        else { throw failure(expected) }
        let time =
            "\(part(7, 4))-\(month < 9 ? "0" : "")\(month + 1)-\(part(0, 2))T\(part(12, 8))\(part(21, 3)):\(part(24, 2))"
        guard Timestamp.parse(time.utf8) != nil else { throw failure("no such date, time of day or offset") }
        index += 27
        return time
    }

    /// Reads a text in quotation marks. A backslash takes the byte after it along.
    mutating func quoted(_ what: String) throws(AccessLogError) -> ArraySlice<UInt8> {
        guard line[index...].starts(with: " \"".utf8) else { throw failure("expected \(what) in quotation marks") }
        let start = index + 2
        var end = start
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") {
            end += line[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < line.endIndex else {
            throw failure("\(what) lacks its closing quotation mark")
        }
        guard end + 1 == line.endIndex || line[end + 1] == UInt8(ascii: " ") else {
            index = end + 1
            throw failure("expected a space after \(what)")
        }
        index = end + 1
        return line[start..<end]
    }

    /// Reads an integer, or `-` for none, between spaces.
    mutating func number(_ what: String) throws(AccessLogError) -> Int? {
        guard line[index...].first == UInt8(ascii: " ") else { throw failure("expected \(what)") }
        index += 1
        let text = try field(what)
        if text.elementsEqual("-".utf8) { return nil }
        guard text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), let value = Int(String(decoding: text, as: UTF8.self))
        else {
            index = text.startIndex
            throw failure("expected \(what), a number or -")
        }
        return value
    }
}
