import Dispatch
import Foundation
import Glibc
import Logging
import Testing

@testable import Operations

@Suite struct JSONLogTests {
    private func record(_ log: (Logger) -> Void) throws -> [String: Any] {
        let sink = MemorySink()
        log(Logger(label: "part") { JSONLogHandler(label: $0, role: "worker", level: .debug, sink: sink) })
        #expect(sink.lines.count == 1 && sink.lines[0].hasSuffix("}\n"))
        #expect(sink.lines[0].count { $0 == "\n" } == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(sink.lines[0].utf8)) as? [String: Any])
    }

    @Test func aRecordHasItsPartsAndMetadata() throws {
        let line = try record { logger in
            var logger = logger
            logger[metadataKey: "batch"] = "7"
            logger.warning("hello", metadata: ["offset": "\(5)", "level": "own", "nested": ["a": ["b", "c"]]])
        }
        #expect(line["message"] as? String == "hello" && line["level"] as? String == "warning")
        #expect(line["logger"] as? String == "part" && line["role"] as? String == "worker")
        #expect(line["batch"] as? String == "7" && line["offset"] as? String == "5")
        #expect(line["level_"] as? String == "own")
        #expect((line["nested"] as? [String: [String]]) == ["a": ["b", "c"]])
        let time = try #require(line["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        #expect(abs(try Date(time, strategy: style).timeIntervalSinceNow) < 60)
    }

    @Test func anyTextComesBackAsItWent() throws {
        var random = RandomSource()
        for _ in 0..<500 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<20).compactMap { _ in
                        Unicode.Scalar(
                            UInt32.random(in: 0...0x2FFF, using: &random) >> UInt32.random(in: 0...8, using: &random))
                    }))
            let line = try record { $0.info("\(text)", metadata: ["key": "\(text)"]) }
            // Compared by scalars: equal strings may differ in their normal form.
            #expect(
                (line["message"] as? String).map { Array($0.unicodeScalars) } == Array(text.unicodeScalars), "\(random)"
            )
            #expect(
                (line["key"] as? String).map { Array($0.unicodeScalars) } == Array(text.unicodeScalars), "\(random)")
        }
    }

    @Test func linesOfManyThreadsDoNotMix() async throws {
        let pipe = Pipe()
        // Smaller than a line, and full at once: every line takes several writes.
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, 1_031, 4_096)  // F_SETPIPE_SZ, which Swift does not import
        try #require(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        let sink = DescriptorSink(descriptor: descriptor)
        let logger = Logger(label: "part") { JSONLogHandler(label: $0, role: "r", level: .info, sink: sink) }
        let padding = String(repeating: "x", count: 6_000)
        async let read = withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
            }
        }
        await withCheckedContinuation { finished in
            let writers = DispatchGroup()
            for writer in 0..<8 {
                writers.enter()
                // Threads: the cooperative pool may have only one on a small machine.
                Thread {
                    for step in 0..<50 { logger.info("\(writer)/\(step)", metadata: ["p": "\(padding)"]) }
                    writers.leave()
                }.start()
            }
            writers.notify(queue: .global()) { finished.resume() }
        }
        try pipe.fileHandleForWriting.close()
        let lines = await read.split(separator: UInt8(ascii: "\n"))
        let messages = try lines.map { line -> String in
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
            return try #require(object?["message"] as? String)
        }
        #expect(Set(messages).count == 400 && messages.count == 400)
    }

    @Test func whatIsBelowTheLevelIsNotWritten() {
        let sink = MemorySink()
        let logger = Logger(label: "part") { JSONLogHandler(label: $0, role: "r", level: .warning, sink: sink) }
        logger.info("no")
        logger.error("yes")
        #expect(sink.lines.count == 1)
    }
}
