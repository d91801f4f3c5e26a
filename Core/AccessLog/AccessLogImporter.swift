import Events

/// Turns lines of an access log in Combined Log Format into events.
///
/// The same lines in the same order give the same events with the same ids: importing a log again changes nothing.
/// Memory grows with the different lines: some 20 bytes each.
public struct AccessLogImporter: Sendable {
    /// How often each line came, by 64 bits of its digest. Were two lines to share them, one would be numbered
    /// as though it had come before: its id stays its own, as the line's text is part of it.
    private var occurrences: [UInt64: UInt32] = [:]

    /// An importer that has seen no line.
    public init() {}

    /// The event of a line: a JSON object that the collector accepts.
    ///
    /// The user is the first 32 hexadecimal digits of the SHA-256 of `address user-agent`, as written in the log. What
    /// is absent in the line is absent in the event; so are `method` and `path` where the request is none
    /// (`-`, or a TLS handshake).
    /// - Parameters:
    ///   - line: the bytes of a line; a line end is no part of it.
    ///   - number: which line, from 1, for the error.
    /// - Throws: for a malformed line. It does not count as an occurrence.
    public mutating func event(line: ArraySlice<UInt8>, number: Int) throws(AccessLogError) -> [UInt8] {
        let text = Self.withoutLineEnd(line)
        let fields = try CombinedLogLine(text, number: number)
        let metadata = Self.metadata(of: fields)
        guard metadata.count <= EventRules.maximumMetadataSize else {
            throw AccessLogError(line: number, column: 1, reason: "the line is too long for an event")
        }
        var event: [UInt8] = []
        event.reserveCapacity(metadata.count + 200)
        event += #"{"eventId":"\#(identity(of: text))","userId":"\#(Self.userID(of: fields))","#.utf8
        event += #""eventType":"page_view","timestamp":"\#(fields.timestamp)","metadata":"#.utf8
        event += metadata
        event.append(UInt8(ascii: "}"))
        return event
    }

    private mutating func identity(of line: ArraySlice<UInt8>) -> String {
        let digest = Digest128(hashing: line).high
        let occurrence = occurrences[digest, default: 0]
        occurrences[digest] = occurrence + 1
        return EventIdentity.nameBased(namespace: "tributary/access-log", name: Array("\(occurrence)\n".utf8) + line)
    }

    private static func userID(of line: CombinedLogLine) -> String {
        Digest128(hashing: line.address + [UInt8(ascii: " ")] + line.userAgent).description
    }

    private static func withoutLineEnd(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = line.last == UInt8(ascii: "\n") ? line.dropLast() : line
        return end.last == UInt8(ascii: "\r") ? end.dropLast() : end
    }

    private static func metadata(of line: CombinedLogLine) -> [UInt8] {
        var members = MemberWriter()
        if let request = RequestLine(line.request) {
            members.append("method", text: request.method)
            members.append("path", text: request.path)
            if let query = request.query { members.append("query", text: query) }
        }
        if let status = line.status { members.append("status", status) }
        if let size = line.size { members.append("bytes", size) }
        if isPresent(line.referrer) { members.append("referrer", text: line.referrer) }
        if isPresent(line.userAgent) { members.append("userAgent", text: line.userAgent) }
        return members.closed()
    }

    private static func isPresent(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && !text.elementsEqual("-".utf8)
    }
}

/// `GET /path?query HTTP/1.1`, or without a version as in HTTP/0.9.
private struct RequestLine {
    let method: ArraySlice<UInt8>
    let path: ArraySlice<UInt8>
    /// What follows the first `?`; `nil` without one.
    let query: ArraySlice<UInt8>?

    init?(_ request: ArraySlice<UInt8>) {
        let space = UInt8(ascii: " ")
        guard let methodEnd = request.firstIndex(of: space), methodEnd > request.startIndex else { return nil }
        method = request[..<methodEnd]
        guard method.allSatisfy({ UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 || $0 == UInt8(ascii: "-") }) else {
            return nil
        }
        var target = request[(methodEnd + 1)...]
        // A target with spaces in it breaks HTTP, but servers log it: only the version is cut off.
        if let last = target.lastIndex(of: space), target[(last + 1)...].starts(with: "HTTP/".utf8) {
            target = target[..<last]
        }
        guard !target.isEmpty else { return nil }
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        path = target[..<(mark ?? target.endIndex)]
        query = mark.map { target[($0 + 1)...] }
    }
}
