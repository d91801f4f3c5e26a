import Compression
import Foundation
import Testing

/// The command-line tools compress, so that no one of ours writes what it reads.
private func compress(_ bytes: [UInt8], _ coding: ContentCoding) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [coding.rawValue, "-c"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    let writer = Thread {
        input.fileHandleForWriting.write(Data(bytes))
        try? input.fileHandleForWriting.close()
    }
    writer.start()
    let compressed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return Array(compressed)
}

struct InflateTests {
    private let text = Array(String(repeating: "{\"userId\":\"ü\"}\n", count: 20_000).utf8)
    private var noise: [UInt8] { (0..<300_000).map { _ in UInt8.random(in: 0...255) } }

    @Test(arguments: ContentCoding.allCases)
    func whatWasCompressedComesBack(coding: ContentCoding) throws {
        for bytes in [[], [7], text, noise] {
            #expect(try coding.inflate(compress(bytes, coding)) == bytes)
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func membersAreJoinedUpToTheLimit(coding: ContentCoding) throws {
        let one = try compress([1, 2, 3], coding)
        let members = { Array([[UInt8]](repeating: one, count: $0).joined()) }
        #expect(try coding.inflate(members(16)).count == 48)
        #expect(throws: InflateError.tooManyMembers(limit: 16)) { try coding.inflate(members(17)) }
        #expect(throws: InflateError.tooManyMembers(limit: 16)) { try coding.inflate(members(10_000)) }
    }

    @Test(arguments: ContentCoding.allCases)
    func everyCutIsTruncated(coding: ContentCoding) throws {
        let whole = try compress(Array("{\"userId\":\"u1\",\"eventType\":\"page_view\"}".utf8), coding)
        for length in 0..<whole.count {
            #expect(throws: InflateError.truncated, "\(length)") { try coding.inflate(Array(whole[..<length])) }
        }
    }

    /// A changed byte is found, or makes no difference.
    @Test(arguments: ContentCoding.allCases)
    func aChangedByteNeverGivesOtherContent(coding: ContentCoding) throws {
        let whole = try compress(text, coding)
        for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 300)) {
            var changed = whole
            changed[place] ^= 0x10
            if let bytes = try? coding.inflate(changed) { #expect(bytes == text, "byte \(place)") }
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func whatIsNotOfTheCodingIsBroken(coding: ContentCoding) throws {
        let other: ContentCoding = coding == .gzip ? .zstd : .gzip
        for bytes in [
            Array("{\"userId\":\"u1\"}".utf8), try compress(text, other), try compress(text, coding) + [9, 9, 9, 9, 9],
        ] {
            do {
                _ = try coding.inflate(bytes)
                Issue.record("taken: \(bytes.prefix(20))")
            } catch .broken(let reason) {
                #expect(!reason.isEmpty)
            }
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func bombsAreStopped(coding: ContentCoding) throws {
        let bomb = try compress([UInt8](repeating: 0x20, count: 50 << 20), coding)
        #expect(throws: InflateError.tooDense(limit: 100)) { try coding.inflate(bomb) }
        var limits = InflateLimits()
        limits.ratio = .max
        #expect(throws: InflateError.tooLarge(limit: 10 << 20)) { try coding.inflate(bomb, limits: limits) }
        limits.size = 50 << 20
        #expect(try coding.inflate(bomb, limits: limits).count == 50 << 20)
        // Small repetitive bodies compress as well, and harm nobody.
        let small = [UInt8](repeating: 0x20, count: 1 << 20)
        #expect(try coding.inflate(compress(small, coding)) == small)
    }

    /// Inflating once gives the inner coding's bytes, which are no JSON.
    @Test(arguments: ContentCoding.allCases)
    func nestedCodingsAreInflatedOnce(coding: ContentCoding) throws {
        let inner = try compress(text, coding)
        #expect(try coding.inflate(compress(inner, coding)) == inner)
    }

    @Test func names() {
        #expect(ContentCoding(name: "GZIP") == .gzip && ContentCoding(name: "x-gzip") == .gzip)
        #expect(ContentCoding(name: "Zstd") == .zstd)
        for name in ["", "br", "deflate", "gzip, gzip", "gzip,zstd", " gzip"] {
            #expect(ContentCoding(name: name) == nil)
        }
    }
}
