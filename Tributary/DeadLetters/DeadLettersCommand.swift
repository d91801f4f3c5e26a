import ArgumentParser

/// `tributary dead-letters`: what could not be processed, and the way back.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Look at events that could not be processed, and send them again.",
        discussion: """
            A dead letter is open until it is replayed or resolved. A replay sends its event to the log again, waits for \
            the workers and resolves the letter unless the event failed again; repeating a replay counts nothing twice.
            """,
        subcommands: [
            ListDeadLetters.self, ShowDeadLetter.self, CountDeadLetters.self, ReplayDeadLetters.self,
            ResolveDeadLetters.self, ExportDeadLetters.self,
        ],
        defaultSubcommand: ListDeadLetters.self)
}
