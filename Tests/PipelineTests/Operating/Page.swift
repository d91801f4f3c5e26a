import Foundation
import TestSupport
import Testing

/// A page of `docs/`, by its sections, with the commands that it tells to give.
struct Page {
    /// The commands of each section, by the section's anchor, in order.
    private(set) var sections: [String: [String]] = [:]
    private(set) var anchors: [String] = []

    init(_ file: String) throws {
        var anchor = ""
        for line in try String(contentsOf: repository(file: file), encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("## ") || line.hasPrefix("# ") {
                anchor = Self.anchor(line.drop { $0 == "#" || $0 == " " })
                anchors.append(anchor)
            } else if line.hasPrefix("$ ") {
                sections[anchor, default: []].append(String(line.dropFirst(2)))
            }
        }
    }

    /// All commands, in order.
    var commands: [String] { anchors.flatMap { sections[$0] ?? [] } }

    /// A title's anchor, as forges make it.
    static func anchor(_ title: some StringProtocol) -> String {
        String(title.lowercased().replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || $0 == "-" })
    }

    /// Gives commands to a shell, as they stand there, on a running `serve`. After an export the letters are corrected,
    /// as the page leaves to the operator: what has the id 1 gets the id 2.
    static func carryOut(_ commands: [String], on serve: Serve) async throws {
        let path = URL(filePath: productPath("tributary")).deletingLastPathComponent().path
        let environment = [
            "PATH": "\(path):/usr/bin:/bin", "DATA_DIR": serve.directory, "COLLECTOR": serve.collectorURL,
            "WORKER": serve.collectorURL, "AGGREGATOR": serve.collectorURL, "DASHBOARD": serve.dashboard.url,
        ]
        try await TemporaryDirectory.with { directory in
            for command in commands {
                let result = try await runToEnd(
                    "/bin/bash", ["-o", "pipefail", "-c", "cd '\(directory.path)' && \(command)"],
                    environment: environment)
                // The letter that operating.md shows as an example is not there.
                let expected: Int32 = command.contains(" show ") ? 1 : 0
                #expect(result.end == .exited(expected), "\(command): \(result.output)")
                guard command.contains(" export ") else { continue }
                let file = URL(filePath: "\(directory.path)/letters.ndjson")
                try String(contentsOf: file, encoding: .utf8)
                    .replacing(#"\"eventId\":\"1\""#, with: #"\"eventId\":\"2\""#)
                    .write(to: file, atomically: true, encoding: .utf8)
            }
        }
    }
}
