import HTTPTypes
import Operations
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// How filters are written.
struct VisitorFilterTests {
    private func read(_ text: String) throws -> [[String]] {
        try VisitorFilter(text).predicates.map { [$0.dimension] + $0.values }
    }

    @Test func goodOnes() throws {
        #expect(try read("browser:Firefox") == [["browser", "Firefox"]])
        #expect(
            try read("browser:Firefox|Safari;country:DE") == [["browser", "Firefox", "Safari"], ["country", "DE"]])
        #expect(try read("path:/a;path:/b") == [["path", "/a"], ["path", "/b"]])
        #expect(try read("metadata.plan:gold:plus") == [["metadata.plan", "gold:plus"]])
        #expect(try read(#"path:/a\;b\|c\\d;os:Linux"#) == [["path", #"/a;b|c\d"#], ["os", "Linux"]])
        #expect(try read("event_type:purchase|purchase") == [["event_type", "purchase"]])
        // Alike to the eye, and two values.
        #expect(try read("path:\u{E9}|e\u{301}")[0].count == 3)
        #expect(try read("path: / ") == [["path", " / "]])
    }

    @Test func theTextIsTheFilter() throws {
        for text in [#"path:/a\;b\|c\\d|x;os:Linux"#, "browser:Firefox|Safari", "path:é☃\u{1F600}"] {
            #expect(try VisitorFilter(text).text == text)
            #expect(try VisitorFilter(VisitorFilter(text).text) == VisitorFilter(text))
        }
    }

    @Test(arguments: [
        "", ";", "browser", "browser:", "browser:Firefox;", ";browser:Firefox", "browser:|", "browser:a||b",
        "colour:red", "all:", "all:x", ":x", "Browser:x", "metadata.:x", "metadata.a b:x", #"path:\"#, #"path:\a"#,
        #"path:a\:b"#, "path:a\u{0}b", "browser :x", (1...9).map { "path:/\($0)" }.joined(separator: ";"),
        "path:" + (1...65).map(String.init).joined(separator: "|"),
    ])
    func badOnes(text: String) {
        let problem = #expect(throws: Problem.self) { try VisitorFilter(text) }
        #expect(problem?.field == "filter")
        #expect(problem?.status == .badRequest)
    }

    /// Random values survive writing and reading.
    @Test func anyValueCanBeWritten() throws {
        var random = SeededRandom.announced()
        for _ in 0..<500 {
            let values = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let length = Int.random(in: 1...6, using: &random)
                return String((0..<length).map { _ in #";|\:a é"#.randomElement(using: &random)! })
            }
            var filter = try VisitorFilter("path:x")
            let each = values.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            filter.predicates = [.init(dimension: "path", values: each)]
            #expect(try VisitorFilter(filter.text) == filter)
        }
    }
}
