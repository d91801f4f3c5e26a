import ArgumentParser
import Foundation
import Operations
import Stores

/// `tributary provision`: makes what the roles need. Running it again changes nothing.
struct ProvisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision", abstract: "Create topics, indexes and tables that are missing.")

    @OptionGroup var options: RoleOptions

    @Option(help: "The replication factor of topics that are created; schemas/kafka/topics.json says 3.")
    var replication: Int?

    func validate() throws {
        if let replication, !(1...100).contains(replication) {
            throw ValidationError("--replication must be 1 to 100, is \(replication)")
        }
    }

    func run() async throws {
        let process = try RoleProcess(.provision, options)
        let failures =
            await step("topics") { try await provisionTopics(process) }
            + step("raw events") { try await provisionRawEvents(process) }
            + step("rollups") { try await provisionRollups(process) }
        if failures > 0 { throw ExitCode.failure }
    }

    /// Carries out one step and says what came of it; the others are not held up by its failure.
    /// - Returns: 1 where it failed.
    private func step(_ name: String, _ work: () async throws -> String) async -> Int {
        do {
            print("\(name): \(try await work())")
            return 0
        } catch {
            say("\(name): failed: \(error)")
            return 1
        }
    }

    private func provisionTopics(_ process: RoleProcess) async throws -> String {
        let log = try process.buildLog()
        let topics = TopicDefinition.contract(replication: replication)
        let result: Result<[String: TopicProvision], any Error>
        do { result = .success(try await log.provision(topics)) } catch { result = .failure(error) }
        await log.close()
        let outcomes = try result.get().sorted { $0.key < $1.key }
        let failed = outcomes.filter { if case .failed = $0.value { true } else { false } }
        guard failed.isEmpty else { throw ProvisionError(outcomes: failed.map { "\($0.key) \($0.value)" }) }
        return outcomes.map { "\($0.key) \($0.value.words)" }.joined(separator: ", ")
    }

    private func provisionRawEvents(_ process: RoleProcess) async throws -> String {
        let raw = try process.buildRawEventStore()
        let result: Result<Void, any Error>
        do { result = .success(try await raw.provision()) } catch { result = .failure(error) }
        await raw.close()
        try result.get()
        return "collections and indexes are there"
    }

    private func provisionRollups(_ process: RoleProcess) async throws -> String {
        let rollups = try process.buildRollupStore()
        let result: Result<Void, any Error>
        do {
            result = .success(try await rollups.provision(timeZone: process.settings.reportingTimeZone))
        } catch { result = .failure(error) }
        await rollups.close()
        try result.get()
        return "tables are there, days are cut in \(process.settings.reportingTimeZone)"
    }
}

/// Topics that could not be had.
private struct ProvisionError: Error, CustomStringConvertible {
    var outcomes: [String]
    var description: String { outcomes.joined(separator: ", ") }
}

extension TopicProvision {
    fileprivate var words: String {
        switch self {
        case .created: "created"
        case .existed(let partitions): "was there with \(partitions) partitions"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}
