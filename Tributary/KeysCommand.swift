import ArgumentParser
import Collector
import Events
import Foundation
import Operations

/// `tributary keys`: the write keys of a file.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Create, list and revoke the write keys of KEYS_FILE.",
        discussion: "A running collector reads the file again on SIGHUP.",
        subcommands: [CreateKeyCommand.self, ListKeysCommand.self, RevokeKeyCommand.self])
}

/// Which file.
struct KeysFileOptions: ParsableArguments {
    @Option(name: .customLong("file"), help: "The file; by default the one that KEYS_FILE names.")
    var file: String?

    func path() throws -> String {
        let path = file ?? ProcessInfo.processInfo.environment["KEYS_FILE"] ?? ""
        guard !path.isEmpty else {
            throw ValidationError("name the file: --file PATH, or KEYS_FILE in the environment")
        }
        return path
    }

    /// What goes wrong with the file ends the process as any wrong setting does.
    func reporting<Result>(_ work: (String) throws -> Result) throws -> Result {
        let path = try path()
        do { return try work(path) } catch let error as KeysFileError {
            say("tributary keys: \(error)")
            throw ExitCode(78)
        }
    }
}

/// `tributary keys create`
struct CreateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key, print it once on standard output, and keep its hash.")

    @OptionGroup var options: KeysFileOptions

    @Option(help: "The source whose events the key sends: a site or an app.")
    var source: String

    @Flag(help: "The key speaks for others: userAgent and clientAddress in an event's metadata are the client's.")
    var server = false

    @Option(help: "Refuse events that are older, such as 720h.")
    var maximumEventAge: String?

    @Option(help: "Events of a UTC day, at most; each collector process counts for itself.")
    var dailyQuota: Int?

    @Option(help: "When the key ends by itself, such as 2030-01-01T00:00:00Z.")
    var expires: String?

    func validate() throws {
        guard EventRules.isSource(source) else {
            throw ValidationError("--source must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        if let maximumEventAge, parseDuration(maximumEventAge) == nil {
            throw ValidationError("--maximum-event-age must be a whole number with ms, s, m or h, such as 720h")
        }
        if let dailyQuota, dailyQuota < 1 { throw ValidationError("--daily-quota must be a whole number from 1") }
        if let expires, Timestamp.parse(expires.utf8) == nil {
            throw ValidationError("--expires must be an RFC 3339 date-time with offset")
        }
    }

    func run() async throws {
        var (key, record) = KeyRecord.make(source: source, at: currentMilliseconds())
        record.isServer = server
        record.maximumEventAge = maximumEventAge.flatMap(parseDuration)
        record.dailyQuota = dailyQuota
        record.expires = expires.flatMap { Timestamp.parse($0.utf8) }
        try options.reporting { path in
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
        }
        say("key \(record.id) of \(source); it is not shown again:")
        print(key)
    }
}

/// `tributary keys list`
struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, by id.")

    @OptionGroup var options: KeysFileOptions

    func run() async throws {
        let file = try options.reporting { path in try KeysFile(path: path) }
        print("ID\tSOURCE\tSTATE\tMARKS\tCREATED\tCHANGED")
        for record in file.records {
            let cells = [
                record.id, record.source, state(of: record), marks(of: record), Timestamp.format(record.created),
                Timestamp.format(record.changed),
            ]
            print(cells.joined(separator: "\t"))
        }
    }

    private func state(of record: KeyRecord) -> String {
        if record.revoked != nil { return "revoked" }
        return record.expires.map { $0 <= currentMilliseconds() } == true ? "expired" : "valid"
    }

    private func marks(of record: KeyRecord) -> String {
        let marks = [
            record.isServer ? "server" : nil, record.maximumEventAge.map { "maximumEventAge=\(durationText($0))" },
            record.dailyQuota.map { "dailyQuota=\($0)" }, record.expires.map { "expires=\(Timestamp.format($0))" },
        ].compactMap { $0 }
        return marks.isEmpty ? "-" : marks.joined(separator: ",")
    }
}

/// `tributary keys revoke`
struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a key for good; it stays in the list.")

    @OptionGroup var options: KeysFileOptions

    @Argument(help: "The key's id, as `keys list` shows it.")
    var id: String

    func run() async throws {
        let isFound = try options.reporting { path in
            try KeysFile.update(path, mayCreate: false) { $0.revoke(id, at: currentMilliseconds()) }
        }
        guard isFound else {
            // Whoever gives the whole key here must not find it in a log.
            say("tributary keys: no valid key has this id; `tributary keys list` shows all")
            throw ExitCode.failure
        }
        say("revoked \(id); running collectors take it until SIGHUP")
    }
}
