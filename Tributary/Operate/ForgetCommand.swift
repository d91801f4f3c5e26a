import Aggregator
import ArgumentParser
import Events
import Foundation
import Operations
import Stores

/// `tributary forget`: makes a user's events nobody's.
struct ForgetCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Replace a user's id by a random token, in raw events and among visitors; the numbers stay.",
        discussion: """
            Metadata and context go too, but for what is counted by. If it is cut off, run it again. Events of the user \
            that come later are those of a new visitor.
            """)

    @OptionGroup var stores: StoreOptions

    @Option(help: "The source that the user belongs to.")
    var source: String

    @Option(help: "The userId, exactly as the events have it.")
    var user: String

    func validate() throws {
        guard EventRules.isSource(source) else {
            throw ValidationError("--source must be ^[a-z0-9][a-z0-9_-]{0,63}$, is '\(source)'")
        }
        guard 1...EventRules.maximumUserIDLength ~= user.unicodeScalars.count else {
            throw ValidationError(
                "--user must have 1 to \(EventRules.maximumUserIDLength) characters, has \(user.unicodeScalars.count)")
        }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        let forget = ForgetUser(raw: stores.raw, rollups: stores.rollups, metadata: keysOfMetadata(settings))
        let report = try await forget.run(user, of: source, token: freshForgottenToken()) { done, all in
            await terminal.show(
                ProgressNote(label: "forget", done: done, total: all, note: "\(done) records", isLast: done == all))
        }
        await terminal.print(report.words)
        await terminal.say(Self.leftovers)
    }

    /// What cannot be rewritten.
    private static var leftovers: String {
        func days(_ topic: Topic) -> String {
            let definition = TopicDefinition.contract.first { $0.name == topic.rawValue }
            let milliseconds = Int64(definition?.configuration["retention.ms"] ?? "") ?? 0
            return "\(milliseconds / 86_400_000) days"
        }
        return """
            Still there until it expires: the log, '\(Topic.userEvents.rawValue)' (\(days(.userEvents))) and dead letters, \
            '\(Topic.deadLetters.rawValue)' (\(days(.deadLetters))); a collector's spill until the log has taken it; \
            backups. An event that is processed from there, such as a dead letter that is replayed, brings the id back: \
            forget again then.
            """
    }
}

extension ForgetUser.Report {
    fileprivate var words: String {
        guard events > 0 || wasVisitor || isResumed else {
            return "nothing of this user is stored: not known, or forgotten already; nothing was changed"
        }
        let end = isResumed ? ", which completes an earlier attempt" : ""
        return "forgotten: \(events) raw events and \(wasVisitor ? "a" : "no") visitor are nobody's now\(end)"
    }
}

/// 122 random bits.
private func freshForgottenToken() -> String { "forgotten-\(UUID().uuidString.lowercased())" }
