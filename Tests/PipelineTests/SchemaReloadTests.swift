import EmbeddedStores
import Foundation
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Schemas of event types in a real process: at start, and again on SIGHUP.
    @Suite struct SchemaReloadTests {
        private static let noPrice = #"{"userId":"ada","eventType":"purchase","metadata":{}}"#
        private static let strict = #"{"required":["price"]}"#

        /// While it reads a schema from a pipe, nobody can listen for a signal yet.
        @Test("SIGHUP in the first moments of a process is a reload as soon as there is somebody to reload")
        func early() async throws {
            try await TemporaryDirectory.with { directory in
                let schema = "\(directory.path)/purchase.schema.json"
                mkfifo(schema, 0o600)
                let process = try Serve.launch(
                    "\(directory.path)/data", 0, 0, ["SCHEMAS_DIR": directory.path])
                var pipe: Int32 = -1
                try await eventually(within: .seconds(120), "the schema is asked for") {
                    pipe = open(schema, O_WRONLY | O_NONBLOCK)
                    return pipe >= 0
                }
                process.signal(SIGHUP)
                // It is read again.
                unlink(schema)
                try "{}".write(toFile: schema, atomically: true, encoding: .utf8)
                #expect(write(pipe, Self.strict, Self.strict.utf8.count) == Self.strict.utf8.count)
                close(pipe)
                _ = try await process.line(within: .seconds(60)) {
                    $0.contains("reloaded") && $0.contains("1 schemas")
                }
                process.signal(SIGTERM)
                #expect(try await process.wait(within: .seconds(20)) == .exited(0))
            }
        }

        @Test("SIGHUP ends a process that has nothing to reload")
        func nothingToReload() async throws {
            try await Serve.withServe { serve in
                serve.process.signal(SIGHUP)
                let end = try await serve.process.wait(within: .seconds(20))
                #expect(end == .killed(SIGHUP))
            }
        }

        @Test("SIGHUP puts new schemas in place; a bad set is refused as a whole; rejected events are recorded")
        func reload() async throws {
            try await TemporaryDirectory.with { schemas in
                let file = "\(schemas.path)/purchase.schema.json"
                try Self.strict.write(toFile: file, atomically: true, encoding: .utf8)
                try await Serve.withServe(["SCHEMAS_DIR": schemas.path]) { serve in
                    try await Self.expect(400, "schema_violation", serve)

                    try "{}".write(toFile: file, atomically: true, encoding: .utf8)
                    try await Self.expect(400, "schema_violation", serve)
                    serve.process.signal(SIGHUP)
                    try await Self.eventuallyCounts(serve, "done", 1)
                    try await Self.expect(202, "accepted", serve)

                    // One good and strict, one bad: neither.
                    try Self.strict.write(toFile: file, atomically: true, encoding: .utf8)
                    let bad = "\(schemas.path)/click.schema.json"
                    try #"{"typ":"object"}"#.write(toFile: bad, atomically: true, encoding: .utf8)
                    serve.process.signal(SIGHUP)
                    try await Self.eventuallyCounts(serve, "refused", 1)
                    #expect(serve.process.lines.contains { $0.contains("not reloaded") && $0.contains("/typ") })
                    try await Self.expect(202, "accepted", serve)

                    try FileManager.default.removeItem(atPath: bad)
                    serve.process.signal(SIGHUP)
                    try await Self.eventuallyCounts(serve, "done", 2)
                    try await Self.expect(400, "schema_violation", serve)

                    #expect(try await serve.terminate() == .exited(0))
                    try await Self.expectLetters(3, serve.directory)
                }
            }
        }

        @Test("a bad schema stops the start and is named")
        func start() async throws {
            try await TemporaryDirectory.with { directory in
                let schemas = "\(directory.path)/schemas"
                try FileManager.default.createDirectory(atPath: schemas, withIntermediateDirectories: true)
                try #"{"type":"text"}"#.write(
                    toFile: "\(schemas)/click.schema.json", atomically: true, encoding: .utf8)
                let process = try Serve.launch("\(directory.path)/data", 0, 0, ["SCHEMAS_DIR": schemas])
                #expect(try await process.wait(within: .seconds(20)) == .exited(78))
                let output = process.lines.joined(separator: "\n")
                #expect(
                    output.contains("SCHEMAS_DIR") && output.contains(#"click.schema.json: at "/type""#), "\(output)")
            }
        }

        private static func expect(_ status: Int, _ text: String, _ serve: Serve) async throws {
            let answer = try await post("\(serve.collectorURL)/v1/events", noPrice)
            #expect(answer.status == status && answer.body.contains(text), "\(answer)")
        }

        private static func eventuallyCounts(_ serve: Serve, _ result: String, _ count: Int) async throws {
            try await eventually(within: .seconds(20), "\(count) reloads are \(result)") {
                let metrics = try await get("\(serve.collectorURL)/metrics").body.split(separator: "\n")
                return metrics.contains {
                    $0.hasPrefix("tributary_reloads_total{") && $0.contains("what=\"schemas\"")
                        && $0.contains("result=\"\(result)\"") && $0.hasSuffix(" \(count)")
                }
            }
        }

        /// What was rejected lies in the dead-letter topic; no book of the worker's knows of it.
        private static func expectLetters(_ count: Int, _ path: String) async throws {
            let directory = try DataDirectory(path: path)
            let result: Result<RecordBatch, any Error>
            do {
                let partitions = try await directory.log.partitionCount(of: .deadLetters)
                let places = (0..<Int32(partitions)).flatMap { partition in
                    (0..<Int64(10)).map { LogOffset(partition: partition, offset: $0) }
                }
                result = .success(try await directory.log.records(at: places, in: .deadLetters))
            } catch { result = .failure(error) }
            await directory.close()
            let letters = try result.get()
            #expect(letters.count == count)
            for index in letters.records.indices {
                #expect(letters.deadLetterStage(at: index) == .collect)
                #expect(letters.text(.deadLetterReason, at: index) == "schema_violation")
                #expect(String(decoding: letters.value(at: index), as: UTF8.self) == noPrice)
                #expect(letters.key(at: index).map { String(decoding: $0, as: UTF8.self) } == "ada")
            }
        }
    }
}
