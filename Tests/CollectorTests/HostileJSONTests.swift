import Foundation
import Operations
import Testing

@testable import Collector

/// Texts that are hard on parsers, sent over a socket as a value within `metadata`.
struct HostileJSONTests {
    /// JSONTestSuite, which lies beside the repository.
    private static let folder = URL(filePath: FileManager.default.currentDirectoryPath)
        .appending(path: "../shared/data/json-parsing/test_parsing").standardizedFileURL
    private static let isPresent = FileManager.default.fileExists(atPath: folder.path)
    private static let absent: Comment = "JSONTestSuite is not at ../shared/data/json-parsing/test_parsing"

    private static func request(_ value: [UInt8]) -> [UInt8] {
        let body = Array("{\"userId\":\"u1\",\"eventType\":\"a\",\"metadata\":{\"v\":".utf8) + value + Array("}}".utf8)
        let head =
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    /// Every text that must be taken is, unless a rule of ours refuses it; every one that must not be is a 400.
    @Test(.enabled(if: isPresent, absent)) func theSuitesVerdicts() async throws {
        try await SocketServer.with { server in
            let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
            #expect(files.count > 300)
            for file in files where file.pathExtension == "json" {
                let value = Array(try Data(contentsOf: file))
                let name = file.lastPathComponent
                let exchange = try await server.exchange(Self.request(value))
                let accepted = exchange.statuses == [202]
                if name.hasPrefix("y_") {
                    #expect(accepted || exchange.text.contains("forbidden_key"), "\(name): \(exchange.text)")
                } else if name.hasPrefix("n_") {
                    #expect(exchange.statuses == [400], "\(name): \(exchange.text)")
                } else {
                    #expect(accepted || exchange.statuses == [400], "\(name): \(exchange.text)")
                }
            }
        }
    }

    private static let cases: [(name: String, value: String, status: Int)] = [
        // Two levels are there already.
        ("32 levels", nested(31), 202), ("33 levels", nested(32), 400), ("512 levels", nested(512), 400),
        ("100,000 levels", nested(100_000), 400), ("100,000 open", String(repeating: "[", count: 100_000), 400),
        ("100,000 objects", String(repeating: "{\"a\":", count: 100_000), 400),
        // They become U+FFFD; in an id they are refused.
        ("a lone high surrogate", "\"\\ud800\"", 202), ("a lone low surrogate", "\"\\udc00\"", 202),
        ("surrogates in the wrong order", "\"\\udc00\\ud800\"", 202), ("a pair", "\"\\ud83c\\udf88\"", 202),
        ("a dollar key", "{\"$where\":1}", 400), ("an escaped dollar key", "{\"\\u0024a\":1}", 400),
        ("a dotted key", "{\"a.b\":1}", 202), ("a NUL key", "{\"\\u0000\":1}", 400), ("a NUL text", "\"\\u0000\"", 202),
        ("duplicate keys", "{\"a\":1,\"a\":2}", 202), ("past 2^53", "9007199254740993", 202),
        ("1e400", "1e400", 400), ("-1e400", "-1e400", 400), ("1e-400", "1e-400", 202), ("NaN", "NaN", 400),
        ("a very long number", String(repeating: "1", count: 10_000), 400), ("a comment", "1/**/", 400),
        ("an extra brace", "1}", 400), ("a second value", "1 2", 400),
    ]

    @Test func eachHasItsVerdict() async throws {
        try await SocketServer.with { server in
            for (name, value, status) in Self.cases {
                let exchange = try await server.exchange(Self.request(Array(value.utf8)))
                #expect(exchange.statuses == [status], "\(name): \(exchange.text.suffix(300))")
                #expect(exchange.isClosed)
            }
            #expect(server.users.count == Self.cases.count { $0.status == 202 })
        }
    }
}
