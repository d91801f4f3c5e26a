import Foundation
import Testing

/// Log lines are searched by their message: it is always the same text, and what differs is metadata.
struct LogMessageTests {
    @Test("no log message has anything put into it")
    func messagesAreConstant() throws {
        var calls = 0
        for file in try sourceFiles() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for call in text.matches(
                of: /[lL]ogger\s*\.(?:trace|debug|info|notice|warning|error|critical)\(\s*"([^"]*)"/)
            {
                calls += 1
                #expect(!call.1.contains("\\("), "\(file.lastPathComponent): \(call.1)")
            }
        }
        #expect(calls > 30)
    }

    @Test("keys of metadata are spelled one way: camelCase")
    func keys() throws {
        for file in try sourceFiles() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for list in text.matches(of: /metadata: \[([^\]]*)\]/) {
                for key in list.1.matches(of: /(?:^|,)\s*"([^"]+)":/) {
                    #expect(key.1.wholeMatch(of: /[a-z][A-Za-z0-9]*/) != nil, "\(file.lastPathComponent): \(key.1)")
                }
            }
        }
    }
}

/// The product's sources.
func sourceFiles() throws -> [URL] {
    try ["Aggregator", "Collector", "Core", "DashboardAPI", "Tributary", "Worker"].flatMap { folder in
        let files = FileManager.default.enumerator(at: repository(file: folder), includingPropertiesForKeys: nil)
        return try #require(files).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    }
}
