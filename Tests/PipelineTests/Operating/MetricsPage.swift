import Foundation
import Testing

/// A metric as `docs/metrics.md` describes it.
struct DocumentedMetric: Sendable {
    let name: String
    let type: String
    /// The values that a label may have; `nil` for one that is only described.
    let labels: [String: Set<String>?]
}

/// The tables of `docs/metrics.md`.
struct MetricsPage {
    let metrics: [String: DocumentedMetric]

    init() throws { try self.init(text: String(contentsOf: repository(file: "docs/metrics.md"), encoding: .utf8)) }

    init(text: String) throws {
        let lists = Self.lists(text)
        var metrics: [String: DocumentedMetric] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            let name = try #require(Self.codes(cells[0]).first)
            try #require(cells.count == 5, "a row of \(name) has \(cells.count) cells")
            try #require(metrics[name] == nil, "\(name) stands there twice")
            var labels: [String: Set<String>?] = [:]
            for part in cells[2].split(separator: ";") {
                let sides = part.split(separator: ":", maxSplits: 1)
                let label = try #require(Self.codes(sides[0]).first)
                labels.updateValue(try Self.values(sides[1], lists), forKey: label)
            }
            metrics[name] = DocumentedMetric(name: name, type: cells[1], labels: labels)
        }
        self.metrics = metrics
    }

    /// The values that stand in a cell and those of the list that it links to; `nil` where there are none to list.
    private static func values(_ text: Substring, _ lists: [String: Set<String>]) throws -> Set<String>? {
        var values = Set(codes(text))
        if let anchor = text.firstMatch(of: /\]\(#([a-z-]+)\)/)?.1 {
            values.formUnion(try #require(lists[String(anchor)], "there is no section #\(anchor)"))
        }
        // "`(none)` for a path that there is not" is an example beside a description.
        return values.isEmpty || values == ["(none)"] ? nil : values
    }

    /// The values of the sections below `### …`, by the section's anchor.
    private static func lists(_ text: String) -> [String: Set<String>] {
        var (lists, anchor) = ([String: Set<String>](), "")
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
                anchor = line.drop { $0 == "#" || $0 == " " }.lowercased().replacing(" ", with: "-")
            } else if line.hasPrefix("`") {
                lists[anchor, default: []].formUnion(codes(line))
            }
        }
        return lists
    }

    private static func codes(_ text: some StringProtocol) -> [String] {
        String(text).matches(of: /`([^`]+)`/).map { String($0.1) }
    }
}

/// A file of the checkout.
func repository(file: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.appending(path: file)
}
