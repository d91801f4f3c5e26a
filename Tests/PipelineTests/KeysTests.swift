import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Write keys as their owner handles them: by commands, and by SIGHUP while the collector runs.
    @Suite struct KeysTests {
        @Test("a key is made, used, revoked; a bad file changes nothing; no log shows a key")
        func life() async throws {
            try await TemporaryDirectory.with { directory in
                let path = "\(directory.path)/keys.json"
                let key = try await create(path, ["--source", "web"])
                let collector = try await start(directory.path, path)
                do {
                    try await useAndRevoke(collector, key, path)
                } catch {
                    collector.process.stop()
                    throw error
                }
                collector.process.stop()
            }
        }

        @Test("keys that are made at the same time are all kept")
        func together() async throws {
            try await TemporaryDirectory.with { directory in
                let path = "\(directory.path)/keys.json"
                let processes = try (0..<16).map { _ in
                    try startBothStreams(
                        productPath("tributary"), ["keys", "create", "--file", path, "--source", "web"],
                        environment: ["PATH": "/usr/bin:/bin"])
                }
                for process in processes { #expect(try await process.wait(within: .seconds(60)) == .exited(0)) }
                let list = try await tributary(path, ["keys", "list"])
                let keys = list.output.split(separator: "\n").count { $0.contains("\tweb\tvalid\t") }
                #expect(keys == 16, "\(list.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["keys.json"])
            }
        }

        @Test("a file that is not there, or is wrong, stops the start; an empty one lets nobody in")
        func files() async throws {
            try await TemporaryDirectory.with { directory in
                let path = "\(directory.path)/keys.json"
                for text in [nil, "{", #"{"keys":[{"id":"a"},{"id":"b c"}]}"#] {
                    if let text { try Data(text.utf8).write(to: URL(filePath: path)) }
                    let process = try launch("\(directory.path)/data", path)
                    #expect(try await process.wait(within: .seconds(30)) == .exited(78))
                    #expect(process.lines.contains { $0.contains("KEYS_FILE \(path): ") }, "\(process.lines)")
                }
                try Data(#"{"keys":[]}"#.utf8).write(to: URL(filePath: path))
                let collector = try await start(directory.path, path)
                let answer = try? await post("\(collector.url)/v1/events", Self.event)
                collector.process.stop()
                #expect(answer?.status == 401)
            }
        }

        private static let event = #"{"userId":"ada","eventType":"page_view"}"#

        private func send(_ collector: Pipeline.Role, _ key: String) async throws -> Int {
            try await post("\(collector.url)/v1/events", Self.event, headers: ["authorization": "Bearer \(key)"]).status
        }

        private func useAndRevoke(_ collector: Pipeline.Role, _ key: String, _ path: String) async throws {
            #expect(try await send(collector, key) == 202)
            #expect(try await post("\(collector.url)/v1/events?key=\(key)", Self.event).status == 202)
            #expect(try await send(collector, key + "x") == 401)
            let second = try await create(path, ["--source", "web", "--server", "--daily-quota", "1"])
            try await hangUp(collector, until: "2 keys of 1 sources, 0 revoked")
            #expect(try await send(collector, second) == 202)
            #expect(try await send(collector, second) == 429)

            let good = try Data(contentsOf: URL(filePath: path))
            try Data(#"{"keys":[{"id":7}]}"#.utf8).write(to: URL(filePath: path))
            try await hangUp(collector, until: "id must be")
            #expect(try await send(collector, key) == 202, "the old keys stay")
            try good.write(to: URL(filePath: path))

            let id = String(key.split(separator: "_")[1])
            #expect(try await tributary(path, ["keys", "revoke", id]).end == .exited(0))
            #expect(try await tributary(path, ["keys", "revoke", id]).end == .exited(1))
            #expect(try await send(collector, key) == 202, "nothing changes before SIGHUP")
            try await hangUp(collector, until: "1 keys of 1 sources, 1 revoked")
            #expect(try await send(collector, key) == 401)
            #expect(try await send(collector, second) == 429, "what was used is not forgotten")

            let list = try await tributary(path, ["keys", "list"])
            #expect(list.output.contains("\(id)\tweb\trevoked\t-"))
            #expect(list.output.contains("web\tvalid\tserver,dailyQuota=1"))
            collector.process.signal(SIGTERM)
            #expect(try await collector.process.wait(within: .seconds(10)) == .exited(0))
            let everything = collector.process.lines.joined() + list.output + String(decoding: good, as: UTF8.self)
            for key in [key, second] { #expect(!everything.contains(key.suffix(43)), "a key was shown") }
        }

        /// Sends SIGHUP, and waits for what the log is to say of it.
        private func hangUp(_ collector: Pipeline.Role, until text: String) async throws {
            collector.process.signal(SIGHUP)
            _ = try await collector.process.line(within: .seconds(20)) {
                $0.contains("reloaded") && $0.contains(text)
            }
        }

        private func create(_ path: String, _ options: [String]) async throws -> String {
            // The key alone is on standard output.
            let process = try ChildProcess(
                productPath("tributary"), ["keys", "create", "--file", path] + options,
                environment: ["PATH": "/usr/bin:/bin"])
            #expect(try await process.wait(within: .seconds(20)) == .exited(0))
            return try await process.line(within: .seconds(5)) { $0.hasPrefix("trb_") }
        }

        private func tributary(_ path: String, _ arguments: [String]) async throws -> (
            end: ChildProcess.End, output: String
        ) {
            try await runToEnd(
                productPath("tributary"), arguments, environment: ["KEYS_FILE": path, "PATH": "/usr/bin:/bin"])
        }

        private func launch(_ data: String, _ path: String) throws -> ChildProcess {
            try startBothStreams(
                productPath("tributary"), ["serve", "--data-dir", data],
                environment: [
                    "COLLECTOR_HOST": "127.0.0.1", "COLLECTOR_PORT": "0", "DASHBOARD_PORT": "0", "KEYS_FILE": path,
                    "LOG_LEVEL": "trace", "PATH": "/usr/bin:/bin",
                ])
        }

        private func start(_ directory: String, _ path: String) async throws -> Pipeline.Role {
            let process = try launch("\(directory)/data", path)
            // The dashboard announces itself too: the collector is the one that knows this path.
            var ports: [Int] = []
            try await eventually(within: .seconds(60), "both servers listen") {
                ports = process.lines.filter { $0.contains(#""message":"listening""#) }.compactMap { line in
                    let record = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8))
                    return record?["port"].flatMap { Int($0) }
                }
                return ports.count == 2
            }
            for port in ports {
                let role = Pipeline.Role(process: process, port: port)
                if try await post("\(role.url)/v1/events", Self.event).status == 401 { return role }
            }
            process.stop()
            throw PipelineFailure("no collector among \(ports)")
        }
    }
}
