import AccessLog
import Events
import Foundation
import Testing

/// A real log of 10,000 lines, which lies beside the repository, held against a recount in Python.
@Suite struct RealLogTests {
    private static let file = URL(filePath: FileManager.default.currentDirectoryPath)
        .appending(path: "../shared/data/apache_logs").standardizedFileURL
    private static let isPresent = FileManager.default.fileExists(atPath: file.path)
    private static let absent: Comment = "the log is not at ../shared/data/apache_logs"

    /// Per UTC day, events and distinct pairs of address and user agent.
    private static let recount = #"""
        import collections, datetime, re, sys
        pattern = re.compile(rb'(\S+) \S+ \S+ \[([^]]+)\] "[^"]*" \d+ (?:\d+|-) "[^"]*" "([^"]*)"$')
        events, users = collections.Counter(), collections.defaultdict(set)
        for line in open(sys.argv[1], 'rb').read().splitlines():
            if match := pattern.match(line):
                time = datetime.datetime.strptime(match[2].decode(), '%d/%b/%Y:%H:%M:%S %z')
                day = time.astimezone(datetime.timezone.utc).date().isoformat()
                events[day] += 1
                users[day].add((match[1], match[3]))
        for day in sorted(events): print(day, events[day], len(users[day]))
        """#

    @Test(.enabled(if: isPresent, absent)) func agreesWithARecount() throws {
        let text = Array(try Data(contentsOf: Self.file))
        var importer = AccessLogImporter()
        var malformed: [AccessLogError] = []
        var identities: Set<String> = []
        var days: [String: (events: Int, users: Set<String>)] = [:]
        for (index, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            do {
                let event = try scan(try importer.event(line: line, number: index + 1))
                #expect(event.violation == nil)
                identities.insert(event.eventID ?? "")
                let day = String(Timestamp.format(event.timestamp ?? 0).prefix(10))
                days[day, default: (0, [])].events += 1
                days[day]?.users.insert(event.userID)
            } catch let error as AccessLogError {
                malformed.append(error)
            }
        }
        #expect(malformed.map(\.line) == [8899])
        #expect(identities.count == 9999)
        let report = days.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.events) \($0.value.users.count)\n" }
        #expect(days.count == 4)
        #expect(try report.joined() == Self.recounted())
    }

    private static func recounted() throws -> String {
        let (python, output) = (Process(), Pipe())
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", recount, file.path]
        python.standardOutput = output
        try python.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        #expect(python.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
