import Foundation
import TestSupport
import Testing

/// What the pages of the repository point to is there.
struct PagesTests {
    @Test("every link of a page leads to a file, and to a section of it")
    func links() throws {
        let pages = try Self.pages()
        #expect(pages.count > 12)
        for page in pages {
            let text = try String(contentsOf: page, encoding: .utf8)
            for link in text.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) }) where !link.contains("://") {
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let target =
                    parts[0].isEmpty ? page : page.deletingLastPathComponent().appending(path: String(parts[0]))
                let isThere = FileManager.default.fileExists(atPath: target.standardized.path)
                #expect(isThere, "\(page.lastPathComponent): \(link)")
                guard isThere, parts.count == 2 else { continue }
                let titles = try String(contentsOf: target.standardized, encoding: .utf8).split(separator: "\n")
                    .filter { $0.hasPrefix("#") }.map { Page.anchor($0.drop { $0 == "#" || $0 == " " }) }
                #expect(titles.contains(String(parts[1])), "\(page.lastPathComponent): \(link)")
            }
        }
    }

    @Test("docs/cost.md is what scripts/cost.py makes of the measured figures; its formula is right")
    func cost() async throws {
        for arguments in [["scripts/cost.py", "--check"], ["scripts/test_cost.py"]] {
            let script = repository(file: arguments[0]).path
            let result = try await runToEnd("/usr/bin/python3", ["-B", script] + arguments.dropFirst())
            #expect(result.end == .exited(0), "\(result.output)")
        }
    }

    private static func pages() throws -> [URL] {
        let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Benchmarks/README.md"]
        let others = ["docs", "docs/decisions", "deploy/kubernetes"].flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: repository(file: folder).path)) ?? [])
                .filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return (top + others).map { repository(file: $0) }
    }
}
