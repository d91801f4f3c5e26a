import ArgumentParser

/// `tributary spill`: what a collector could not give to Kafka.
struct SpillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spill", abstract: "Look into a collector's spill, or give what is in it to Kafka.",
        subcommands: [SpillStatusCommand.self, SpillDrainCommand.self])
}
