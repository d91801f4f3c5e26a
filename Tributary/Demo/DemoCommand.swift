import ArgumentParser
import Foundation
import Operations

/// `tributary demo`: serves on a directory that it fills with a believable history first. Behind `make run`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Serve on a directory, filled with a made-up history and a trickle of traffic.",
        discussion: "Settings are those of serve, from the environment; the log goes to serve.log in the directory.")

    @Option(help: "The directory that holds everything (default: DATA_DIR, else .local/run).")
    var dataDir: String?

    @Option(help: "Days of history, 1 to 3660.")
    var days = 63

    @Option(help: "Events of the history, about.")
    var events = 600_000

    @Option(help: "People who visit.")
    var users = 9_000

    @Option(help: "All that is made up is drawn from it.")
    var seed: UInt64 = 1

    @Option(help: "Events a second while it runs; 0 for none.")
    var live = 2.0

    func validate() throws {
        guard (1...3660).contains(days) else { throw ValidationError("--days must be 1 to 3660, is \(days)") }
        guard (1...100_000_000).contains(events), (1...10_000_000).contains(users) else {
            throw ValidationError("--events must be 1 to 100000000 and --users 1 to 10000000")
        }
        guard live == 0 || (0.01...10_000).contains(live) else {
            throw ValidationError("--live must be 0, or 0.01 to 10000, is \(live)")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let directory = dataDir ?? environment["DATA_DIR"] ?? ".local/run"
        var overrides = ["DATA_DIR": directory]
        if environment["AGGREGATOR_INTERVAL"] == nil { overrides["AGGREGATOR_INTERVAL"] = "5s" }
        let process = try RoleProcess(
            .serve, RoleOptions.parse([]), overrides: overrides, log: try logFile(in: directory))
        let settings = process.settings
        let ports = [
            try ServerPort(settings.collector.host, settings.collector.port, setting: "COLLECTOR_PORT"),
            try ServerPort(settings.dashboard.host, settings.dashboard.port, setting: "DASHBOARD_PORT"),
        ]
        let demonstration = Demonstration(
            directory: directory, collector: ports[0].url, dashboard: ports[1].url,
            writeKey: settings.collector.writeKeys.first?.key, timeZone: settings.reportingTimeZone,
            newHistory: History(seed: seed, users: users, events: events, days: days, now: currentMilliseconds()),
            liveRate: live)
        do {
            try await ServeCommand.parse([]).serve(process, with: [demonstration], isDemonstration: true)
        } catch let code as ExitCode {
            if code == .failure { say("serve failed; its log: \(directory)/serve.log") }
            throw code
        }
        say("stopped; everything is kept in \(directory), and the next start goes on from there")
    }

    /// Begun anew when it has grown: one old file is kept.
    private func logFile(in directory: String) throws -> DescriptorSink {
        let path = "\(directory)/serve.log"
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            say("the directory \(directory) cannot be made: \(error.localizedDescription)")
            throw ExitCode(78)
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        if size > 10 << 20 { rename(path, "\(path).1") }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            say("\(path) cannot be written: \(String(cString: strerror(errno)))")
            throw ExitCode(78)
        }
        return DescriptorSink(descriptor: descriptor)
    }
}
