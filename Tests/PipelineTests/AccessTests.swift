import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Who may ask, as an operator sets it up: by commands, settings and signals.
    @Suite struct AccessTests {
        /// The page's commands, in one shell, on a server that has an event.
        @Test("the commands of docs/access.md do what it says")
        func page() async throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
            let text = try String(contentsOf: root.appending(path: "docs/access.md"), encoding: .utf8)
            let commands = text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { $0.dropFirst(2) }
            #expect(commands.count == 11)
            try await TemporaryDirectory.with { directory in
                let made = try await Self.shell(directory.path, String(commands[0]))
                #expect(made.end == .exited(0), "\(made.output)")
                let settings = [
                    "JWKS_FILE": "\(directory.path)/jwks.json", "JWT_ISSUER": "https://analytics.example",
                    "JWT_AUDIENCE": "tributary", "WRITE_KEYS": "shop:shop-key-1",
                ]
                try await Serve.withServe(settings) { serve in
                    let event =
                        #"{"eventId":"order-1","userId":"bo","eventType":"order","timestamp":"2025-05-01T12:00:00Z"}"#
                    let sent = try await post(
                        "\(serve.collectorURL)/v1/events", event, headers: ["authorization": "Bearer shop-key-1"])
                    #expect(sent.status == 202)
                    let page = commands.dropFirst().filter { !$0.contains("tributary serve") }.map { line in
                        line.replacing("localhost:8090", with: serve.dashboard.url.dropFirst(7))
                            + (line.contains("curl") ? "; echo" : "")
                    }
                    try await eventually(within: .seconds(120), "the page's answers are those of the event") {
                        let result = try await Self.shell(directory.path, page.joined(separator: "\n"))
                        let lines = result.output.split(separator: "\n").joined(separator: "\n")
                        guard Self.isAnswered(lines) else { throw PipelineFailure(lines) }
                        return true
                    }
                }
            }
        }

        private static func isAnswered(_ output: String) -> Bool {
            [
                #""open":false,"roles":["analyst"],"sources":["shop"],"subject":"ann""#, #""visitors":1"#,
                #""stored": 1"#, #""lag": 0"#, #""balanced": true"#, #""status":"folded""#,
            ].allSatisfy(output.contains) && output.components(separatedBy: #""visitors":1"#).count >= 3
        }

        @Test("a key is nobody else's to read, and no file is overwritten")
        func files() async throws {
            try await TemporaryDirectory.with { directory in
                let create = "tributary token create-key --private-key key.pem --jwks jwks.json"
                let made = try await Self.shell(directory.path, "umask 000; \(create)")
                #expect(made.end == .exited(0))
                func mode(_ name: String) throws -> Int? {
                    try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(name)")[.posixPermissions]
                        as? Int
                }
                #expect(try mode("key.pem") == 0o600 && mode("jwks.json") == 0o644)
                let before = try Data(contentsOf: URL(filePath: "\(directory.path)/key.pem"))
                let again = try await Self.shell(directory.path, create)
                #expect(again.end == .exited(1) && again.output.contains("nothing is overwritten"), "\(again.output)")
                // Where the second file cannot be made, the first is not left behind.
                let half = try await Self.shell(
                    directory.path, "tributary token create-key --private-key new.pem --jwks jwks.json")
                #expect(half.end == .exited(1))
                #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/new.pem"))
                #expect(try Data(contentsOf: URL(filePath: "\(directory.path)/key.pem")) == before)
                for arguments in [
                    "--private-key jwks.json --subject a --issuer i", "--private-key none --subject a --issuer i",
                    "--private-key key.pem --subject a", "--private-key key.pem --subject a --issuer i --role cook",
                    "--private-key key.pem --subject a --issuer i --source 'a b'",
                    "--private-key key.pem --subject a --issuer i --lifetime 9000h",
                    "--private-key key.pem --subject '' --issuer i",
                ] {
                    let result = try await Self.shell(directory.path, "tributary token mint \(arguments)")
                    #expect(result.end != .exited(0) && !result.output.contains("eyJ"), "\(arguments)")
                }
            }
        }

        @Test("keys are changed by SIGHUP; a bad file changes nothing, and stops a start")
        func change() async throws {
            try await TemporaryDirectory.with { directory in
                let path = directory.path
                for name in ["old", "new"] {
                    let made = try await Self.shell(
                        path, "tributary token create-key --private-key \(name).pem --jwks \(name).json")
                    #expect(made.end == .exited(0))
                }
                try FileManager.default.copyItem(atPath: "\(path)/old.json", toPath: "\(path)/jwks.json")
                let settings = ["JWKS_FILE": "\(path)/jwks.json", "JWT_ISSUER": "us"]
                let (old, new) = (try await Self.token(path, "old.pem"), try await Self.token(path, "new.pem"))
                try await Serve.withServe(settings) { serve in
                    func statuses() async throws -> [Int] {
                        var statuses: [Int] = []
                        for token in [old, new] {
                            statuses.append(
                                try await get(
                                    "\(serve.dashboard.url)/api/pipeline/status",
                                    headers: ["authorization": "Bearer \(token)"]
                                ).status)
                        }
                        return statuses
                    }
                    #expect(try await statuses() == [200, 401])
                    try Data(#"{"keys":[]}"#.utf8).write(to: URL(filePath: "\(path)/jwks.json"))
                    serve.process.signal(SIGHUP)
                    _ = try await serve.process.line(within: .seconds(60)) { $0.contains("what was in place stays") }
                    #expect(try await statuses() == [200, 401])
                    try Data(contentsOf: URL(filePath: "\(path)/new.json")).write(
                        to: URL(filePath: "\(path)/jwks.json"))
                    serve.process.signal(SIGHUP)
                    try await eventually(within: .seconds(60), "the new key counts") {
                        try await statuses() == [401, 200]
                    }
                    #expect(!serve.process.lines.contains { $0.contains(old) || $0.contains(new) })
                }
                for text in ["{", #"{"keys":[]}"#] {
                    try Data(text.utf8).write(to: URL(filePath: "\(path)/jwks.json"))
                    let process = try Serve.launch("\(path)/data", 0, 0, settings)
                    #expect(try await process.wait(within: .seconds(60)) == .exited(78))
                    #expect(process.lines.contains { $0.contains("JWKS_FILE: \(path)/jwks.json cannot be used") })
                }
            }
        }

        private static func token(_ directory: String, _ key: String) async throws -> String {
            let result = try await shell(
                directory, "tributary token mint --private-key \(key) --subject ada --role admin --issuer us")
            guard result.end == .exited(0) else { throw PipelineFailure(result.output) }
            return result.output
        }

        private static func shell(
            _ directory: String, _ script: String
        ) async throws -> (end: ChildProcess.End, output: String) {
            let path = URL(filePath: productPath("tributary")).deletingLastPathComponent().path
            return try await runToEnd(
                "/bin/sh", ["-c", "cd '\(directory)'\n\(script)"], environment: ["PATH": "\(path):/usr/bin:/bin"])
        }
    }
}
