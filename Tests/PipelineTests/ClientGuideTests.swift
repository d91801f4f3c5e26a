import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// The client's guide is true: its commands are run, and print what it shows.
    struct ClientGuideTests {
        @Test("the commands of docs/collector.md print what stands below them")
        func guide() async throws {
            let text = try String(contentsOf: projectRoot.appending(path: "docs/collector.md"), encoding: .utf8)
            let commands = Command.all(in: text)
            #expect(commands.count >= 14)
            let create = try #require(commands.first)
            try await TemporaryDirectory.with { directory in
                let made = try await create.run(in: directory.path, [:])
                #expect(create.allows(made.output), "\(made.output)")
                let key = String(made.output.split(separator: "\n").last ?? "")
                let settings = ["KEYS_FILE": "\(directory.path)/keys.json", "COLLECTOR_HOST": "127.0.0.1"]
                try await Serve.withServe(settings) { serve in
                    let environment = ["COLLECTOR": serve.collectorURL, "KEY": key]
                    for command in commands.dropFirst() where !command.text.hasPrefix("export ") {
                        let result = try await command.run(in: directory.path, environment)
                        #expect(result.end == .exited(0), "\(command.text): \(result.output)")
                        #expect(command.allows(result.output), "\(command.text): \(result.output)")
                    }
                }
                let picture = try Data(contentsOf: URL(filePath: "\(directory.path)/dot.gif"))
                #expect(picture.starts(with: Array("GIF89a".utf8)))
            }
        }
    }
}

/// A command of a page, and what the page says that it prints; `…` stands for anything.
private struct Command {
    var text: String
    var output: [String] = []

    /// Those of all `console` blocks, in order. A line that ends with a backslash goes on in the next one.
    static func all(in page: String) -> [Command] {
        var (commands, isConsole, goesOn) = ([Command](), false, false)
        for line in page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isConsole = line == "```console"
            } else if isConsole, line.hasPrefix("$ ") {
                commands.append(Command(text: String(line.dropFirst(2))))
                goesOn = line.hasSuffix("\\")
            } else if isConsole, goesOn, !commands.isEmpty {
                commands[commands.count - 1].text += "\n" + line
                goesOn = line.hasSuffix("\\")
            } else if isConsole, !commands.isEmpty {
                commands[commands.count - 1].output.append(line)
            }
        }
        return commands
    }

    func run(
        in directory: String, _ environment: [String: String]
    ) async throws -> (end: ChildProcess.End, output: String) {
        let path = URL(filePath: productPath("tributary")).deletingLastPathComponent().path
        let result = try await runToEnd(
            "/bin/sh", ["-c", "cd '\(directory)' && \(text)"],
            environment: ["PATH": "\(path):/usr/bin:/bin"].merging(environment) { $1 })
        return (result.end, result.output)
    }

    /// Whether it is what the page says.
    func allows(_ printed: String) -> Bool {
        let lines = printed.split(separator: "\n").map(String.init)
        return lines.count == output.count && zip(lines, output).allSatisfy(Self.matches)
    }

    private static func matches(_ line: String, _ pattern: String) -> Bool {
        let parts = pattern.components(separatedBy: "…")
        guard parts.count > 1 else { return line == pattern }
        var rest = line[...]
        for part in parts {
            guard let range = part.isEmpty ? rest.startIndex..<rest.startIndex : rest.range(of: part) else {
                return false
            }
            rest = rest[range.upperBound...]
        }
        return line.hasPrefix(parts[0]) && line.hasSuffix(parts[parts.count - 1])
    }
}
