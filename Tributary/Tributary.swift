import ArgumentParser

/// The one binary: every role and every tool is a subcommand.
@main
struct Tributary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tributary",
        abstract: "Collects user events, stores each exactly once, and rolls them into exact numbers by date.")
}
