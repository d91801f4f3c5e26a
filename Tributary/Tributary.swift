import ArgumentParser
import Operations

/// The one binary: every role and every tool is a subcommand.
@main
struct Tributary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tributary",
        abstract: "Collects user events, stores each exactly once, and rolls them into exact numbers by date.",
        discussion: "Roles are configured by environment variables or by --config FILE; README.md lists them.",
        subcommands: [
            CollectorCommand.self, WorkerCommand.self, AggregatorCommand.self, DashboardCommand.self, ServeCommand.self,
            ProvisionCommand.self, ImportCommand.self, LoadCommand.self, DemoCommand.self, DeadLettersCommand.self,
            VerifyCommand.self, RebuildCommand.self, ForgetCommand.self, KeysCommand.self, SpillCommand.self,
            TokenCommand.self,
        ])

    static func main() async {
        // These read files again on SIGHUP, which may come at any time.
        if ["collector", "dashboard-api", "serve"].contains(CommandLine.arguments.dropFirst().first) {
            EarlyHangUp.expect()
        }
        await main(nil)
    }
}
