import Events
import Foundation
import Stores
import Testing

@testable import Worker

/// A real log of 10,000 lines, which lies beside the repository: shares are plausible.
struct RealTrafficTests {
    private static let file = URL(filePath: FileManager.default.currentDirectoryPath)
        .appending(path: "../shared/data/apache_logs").standardizedFileURL
    private static let isPresent = FileManager.default.fileExists(atPath: file.path)
    private static let absent: Comment = "the log is not at ../shared/data/apache_logs"

    @Test(.enabled(if: isPresent, absent)) func sharesArePlausible() throws {
        let enricher = Enricher(EnrichmentConfiguration())
        let lines = Array(try Data(contentsOf: Self.file)).split(separator: UInt8(ascii: "\n"))
        var shares: [String: [String: Int]] = [:]
        var (count, failures) = (0, 0)
        for line in lines {
            guard let event = enrich(line, enricher) else { continue }
            count += 1
            failures += event.failures.isEmpty ? 0 : 1
            let told = ["device": event.device, "browser": event.browser?.name, "os": event.os?.name]
            for (name, value) in told where event.bot == nil && event.userAgent != nil {
                shares[name, default: [:]][value ?? "-", default: 0] += 1
            }
            shares["bot", default: [:]][event.bot ?? "-", default: 0] += 1
            shares["referrer", default: [:]][event.referrer?.kind ?? "-", default: 0] += 1
        }
        for (name, values) in shares.sorted(by: { $0.key < $1.key }) {
            let top = values.sorted { $0.value > $1.value }.prefix(12).map { "\($0.key) \($0.value)" }
            print("\(name): \(top.joined(separator: ", "))")
        }
        print("failures: \(failures) of \(count)")
        let people = shares["bot"]?["-"] ?? 0
        #expect(count == lines.count)
        #expect((count / 2..<count * 9 / 10).contains(people), "of ten requests of 2015, one to five were a robot's")
        #expect((shares["device"]?["other"] ?? 0) * 20 < people && (shares["os"]?["-"] ?? 0) * 20 < people)
        let browsers = shares["browser"] ?? [:]
        #expect(["Chrome", "Firefox"].allSatisfy { (browsers[$0] ?? 0) * 10 > people })
        #expect((shares["referrer"]?["search"] ?? 0) > count / 50 && failures * 50 < count)
    }

    /// The log's last quoted fields are the referrer and the user agent.
    private func enrich(_ line: ArraySlice<UInt8>, _ enricher: Enricher) -> EventContext? {
        let fields = line.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        guard fields.count >= 6 else { return nil }
        let path = fields[1].split(separator: UInt8(ascii: " ")).dropFirst().first ?? []
        var headers = RequestHeaders()
        headers.userAgent = fields[5].elementsEqual("-".utf8) ? nil : fields[5]
        var known = WellKnownMetadata()
        known.url = (Array("http://www.semicomplete.com".utf8) + path)[...]
        known.referrer = fields[3].elementsEqual("-".utf8) ? nil : fields[3]
        var event = RawEvent(
            source: "web", eventID: "e", userID: "u", eventType: "page_view", timestamp: 0, receivedAt: 0,
            metadata: nil,
            context: EventContext(), position: Position(epoch: 1, partition: 0, offset: 0),
            payloadHash: Digest128(high: 0, low: 0))
        enricher.enrich(&event, Clues(headers: headers, metadata: known))
        return event.context
    }
}
