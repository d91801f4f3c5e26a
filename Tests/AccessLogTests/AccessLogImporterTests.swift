import AccessLog
import Crypto
import Events
import Foundation
import Testing

@Suite struct AccessLogImporterTests {
    private static let agent = "Mozilla/5.0 (X11)"
    private static let line = line()

    private static func line(
        address: String = "83.149.9.216", time: String = "17/May/2015:10:05:03 +0200",
        request: String = "GET /a/b?c=d&e=%20 HTTP/1.1", rest: String = "200 123",
        referrer: String = "http://r.example/",
        agent: String = agent
    ) -> String {
        #"\#(address) - - [\#(time)] "\#(request)" \#(rest) "\#(referrer)" "\#(agent)""#
    }

    private func event(_ line: [UInt8]) throws -> NSDictionary {
        var importer = AccessLogImporter()
        let bytes = try importer.event(line: line[...], number: 1)
        let scanned = try scan(bytes)
        #expect(scanned.violation == nil)
        #expect(scanned.range == 0..<bytes.count)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }

    private func event(_ line: String) throws -> NSDictionary { try event(Array(line.utf8)) }

    private func metadata(_ line: String) throws -> NSDictionary {
        try #require(try event(line)["metadata"] as? NSDictionary)
    }

    private static func userID(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).prefix(16).map { String(format: "%02x", $0) }.joined()
    }

    @Test func mapsALine() throws {
        let event = try event(Self.line)
        #expect(event["userId"] as? String == Self.userID("83.149.9.216 Mozilla/5.0 (X11)"))
        #expect(event["eventType"] as? String == "page_view")
        #expect(event["timestamp"] as? String == "2015-05-17T10:05:03+02:00")
        let metadata: NSDictionary = [
            "method": "GET", "path": "/a/b", "query": "c=d&e=%20", "status": 200, "bytes": 123,
            "referrer": "http://r.example/", "userAgent": "Mozilla/5.0 (X11)",
        ]
        #expect(event["metadata"] as? NSDictionary == metadata)
        #expect(event.allKeys.count == 5)
    }

    @Test func leavesOutWhatIsAbsent() throws {
        let metadata = try metadata(Self.line(request: "-", rest: "408 -", referrer: "-", agent: "-"))
        #expect(metadata == ["status": 408])
        #expect(try event(Self.line(agent: "-"))["userId"] as? String == Self.userID("83.149.9.216 -"))
        #expect(try self.metadata(Self.line(rest: "- -", referrer: "", agent: ""))["status"] == nil)
    }

    @Test(arguments: ["-", "", #"\x16\x03\x01\x02"#, "GET", "GET ", " /", "get /", "\u{16}\u{3}", #"\"GET /\""#])
    func takesBadRequests(_ request: String) throws {
        let metadata = try metadata(Self.line(request: request))
        #expect(metadata["method"] == nil && metadata["path"] == nil && metadata["query"] == nil)
        #expect(metadata["status"] as? Int == 200)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.0", "/", nil), ("GET /", "/", nil), ("GET /? HTTP/2.0", "/", ""),
            ("M-SEARCH * HTTP/1.1", "*", nil),
            ("GET /a b?c d HTTP/1.1", "/a b", "c d"), ("GET /a?b?c HTTP/1.1", "/a", "b?c"),
            (#"GET /\"q\"\\\xc3\xa4 HTTP/1.1"#, "/\"q\"\\ä", nil), (#"GET /\xe4 HTTP/1.1"#, #"/\xe4"#, nil),
            (#"GET /\q\x4 HTTP/1.1"#, #"/\q\x4"#, nil), (#"GET /\t\x41\x22 HTTP/1.1"#, "/\tA\"", nil),
        ] as [(String, String, String?)])
    func splitsTargets(_ request: String, _ path: String, _ query: String?) throws {
        let metadata = try metadata(Self.line(request: request))
        #expect(metadata["path"] as? String == path && metadata["query"] as? String == query)
    }

    @Test func takesIPv6AndQuotedAgentsAndMore() throws {
        let agent = #"a \"b\" [c] \\"#
        let event = try event(Self.line(address: "2001:db8::1", agent: agent) + #" "10.0.0.1" 0.003"#)
        #expect(event["userId"] as? String == Self.userID("2001:db8::1 " + agent), "as written in the log")
        #expect((event["metadata"] as? NSDictionary)?["userAgent"] as? String == #"a "b" [c] \"#)
        let named = Self.line.replacing("- -", with: "- frank the first")
        #expect(try self.event(named)["timestamp"] as? String == "2015-05-17T10:05:03+02:00")
    }

    @Test func replacesWhatIsNotUTF8ButHashesIt() throws {
        func line(_ byte: UInt8) -> [UInt8] {
            Array(Self.line(agent: "a").utf8.dropLast(2)) + [byte] + Array(#"""#.utf8)
        }
        let (first, second) = (try event(line(0xFE)), try event(line(0xFF)))
        #expect((first["metadata"] as? NSDictionary)?["userAgent"] as? String == "\u{FFFD}")
        #expect(first["metadata"] as? NSDictionary == second["metadata"] as? NSDictionary)
        #expect(first["userId"] as? String != second["userId"] as? String)
        #expect(first["eventId"] as? String != second["eventId"] as? String)
    }

    @Test func numbersEqualLinesAndRepeatsItself() throws {
        let lines = [Self.line, Self.line(rest: "200 124"), Self.line, Self.line + "\r\n", Self.line + "\n"]
        func identities() throws -> [String] {
            var importer = AccessLogImporter()
            return try lines.enumerated().map { index, line in
                let event = try importer.event(line: Array(line.utf8)[...], number: index + 1)
                let object = try JSONSerialization.jsonObject(with: Data(event)) as? NSDictionary
                return try #require(object?["eventId"] as? String)
            }
        }
        let first = try identities()
        #expect(Set(first).count == lines.count)
        #expect(try identities() == first)
        #expect(first.allSatisfy { UUID(uuidString: $0) != nil && Array($0)[14] == "5" })
    }

    private static let malformed: [(String, Int, String)] = [
        ("", 1, "expected the client's address"), (" - - [", 1, "expected the client's address"),
        ("1.2.3.4 - -", 8, "expected the time in brackets"),
        (line(time: "17/May/2015:10:05:03"), 19, "expected a time"),
        (line(time: "17/Mai/2015:10:05:03 +0000"), 19, "expected a time"),
        (line(time: "31/Apr/2015:10:05:03 +0000"), 19, "no such date"),
        (line(time: "17/May/2015:25:05:03 +0000"), 19, "no such date"),
        (line(time: "17/May/2015:10:05:03 00000"), 19, "no such date"),
        (line(rest: "abc 1"), 77, "expected the status"),
        (line(rest: "200 1x"), 81, "expected the bytes sent"), (line(rest: "200 -1"), 81, "expected the bytes sent"),
        (line(rest: "200 99999999999999999999"), 81, "expected the bytes sent"),
        (String(line.dropLast()), 104, "the user agent lacks its closing quotation mark"),
        (line + "x", 124, "expected a space after the user agent"),
        (String(line.prefix(60)), 46, "the request lacks its closing quotation mark"),
        (String(line.prefix(79)), 77, "expected the status and a space"),
        (String(line.prefix(84)), 84, "expected the referrer"),
        (line(agent: String(repeating: "x", count: 33_000)), 1, "the line is too long"),
    ]

    @Test(arguments: malformed)
    func refusesMalformedLines(_ line: String, _ column: Int, _ reason: String) throws {
        var importer = AccessLogImporter()
        let error = #expect(throws: AccessLogError.self) { try importer.event(line: Array(line.utf8)[...], number: 7) }
        #expect(error?.line == 7)
        #expect(error?.reason.hasPrefix(reason) == true, "\(error!)")
        #expect(error?.column == column, "\(error!)")
    }

    @Test func neverTrapsOnDamagedLines() {
        let text = Array(Self.line(agent: #"a \"b\" \x41"#).utf8)
        var importer = AccessLogImporter()
        for index in text.indices {
            // The slice does not begin at 0: places are relative.
            _ = try? importer.event(line: text[..<index], number: 1)
            _ = try? importer.event(line: text[index...], number: 1)
            for byte in #"\"[] x"#.utf8 + [0, 0xFF] {
                var damaged = text
                damaged[index] = byte
                _ = try? importer.event(line: damaged[...], number: 1)
            }
        }
    }
}
