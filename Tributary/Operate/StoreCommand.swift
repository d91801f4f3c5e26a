import ArgumentParser
import EmbeddedStores
import Foundation
import Operations
import Stores

/// Where the stores are that a command works on.
struct StoreOptions: ParsableArguments {
    @Option(help: "A JSON file of settings; environment variables come first.")
    var config: String?

    @Option(help: "A directory of the embedded profile, also while 'serve' has it; else the servers are used.")
    var dataDir: String?
}

/// An operator's command on the stores. In the embedded profile only one process has them: where that is a running
/// `serve`, the command is carried out there and its words come back.
protocol StoreCommand: AsyncParsableCommand {
    var stores: StoreOptions { get }

    /// Does the work. Whatever it is killed in, it can be repeated.
    /// - Throws: `ExitCode` after telling why; a `StoreError` for the world's trouble.
    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws
}

extension StoreCommand {
    func run() async throws {
        var options = RoleOptions()
        options.config = stores.config
        let process = try RoleProcess(
            .operate, options, overrides: stores.dataDir.map { ["DATA_DIR": $0] } ?? [:], quiet: true)
        let terminal = StandardTerminal()
        if let directory = process.settings.dataDirectory, DataDirectory.isInUse(directory) {
            let client = CommandClient(directory: directory)
            return try await client.run(Array(CommandLine.arguments.dropFirst()), terminal)
        }
        let stores = try process.buildStores(makingDirectory: false)
        let result: Result<Void, any Error>
        do { result = .success(try await execute(on: stores, process.settings, terminal)) } catch {
            result = .failure(error)
        }
        await stores.close()
        try result.get()
    }

    /// Carries it out, and says what went wrong.
    func execute(on stores: BuiltStores, _ settings: Settings, _ terminal: any Terminal) async throws {
        do {
            try await carryOut(on: stores, settings: settings, terminal: terminal)
        } catch let error as any StoreError {
            await terminal.say("\(Self.configuration.commandName ?? ""): \(error)")
            throw ExitCode.failure
        }
    }
}
