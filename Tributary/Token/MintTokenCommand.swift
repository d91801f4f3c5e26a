public import ArgumentParser
public import DashboardAPI
import Events
import Foundation
import Operations

/// `tributary token mint`
struct MintTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mint", abstract: "Sign a token and print it on standard output.")

    @Option(help: "The file of the private key that `token create-key` made.")
    var privateKey: String

    @Option(help: "Who bears it: a person's or a program's name.")
    var subject: String

    @Option(help: "analyst, or admin, who may see the pipeline's state too; may be repeated.")
    var role: [Caller.Role] = [.analyst]

    @Option(help: "A source that the bearer may see; may be repeated. Without one: none, or all for an admin.")
    var source: [String] = []

    @Flag(help: "The bearer may see every source, also later ones.")
    var allSources = false

    @Option(help: "How long it is valid, such as 30m or 720h.")
    var lifetime = "12h"

    @Option(help: "The issuer; by default JWT_ISSUER of the environment.")
    var issuer: String?

    @Option(help: "The audience; by default the first of JWT_AUDIENCE, else none.")
    var audience: String?

    /// A token of a longer life than a year should have been a new one long ago.
    private static let lifetimes: ClosedRange<Duration> = .seconds(1)...(.seconds(366 * 86_400))

    func validate() throws {
        guard !subject.isEmpty, subject.utf8.count <= 200 else {
            throw ValidationError("--subject must be 1 to 200 characters")
        }
        for source in source where !EventRules.isSource(source) {
            throw ValidationError("--source must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        if allSources, !source.isEmpty { throw ValidationError("--all-sources goes without --source") }
        guard let length = parseDuration(lifetime), Self.lifetimes.contains(length) else {
            throw ValidationError("--lifetime must be a whole number with s, m or h, from 1s to 8784h")
        }
        guard chosenIssuer != nil else { throw ValidationError("name the issuer: --issuer, or JWT_ISSUER") }
    }

    func run() async throws {
        let key: SigningKey
        do { key = try SigningKey(pem: try String(contentsOfFile: privateKey, encoding: .utf8)) } catch {
            say("tributary token: \(privateKey) cannot be used: it must be a P-256 private key in PEM")
            throw ExitCode.failure
        }
        let grant = Grant(
            subject: subject, roles: role, sources: allSources ? ["*"] : source.isEmpty ? nil : source,
            issuer: chosenIssuer ?? "", audience: audience ?? environment("JWT_AUDIENCE").map(Self.first),
            lifetime: parseDuration(lifetime) ?? .zero)
        print(try await key.mint(grant, at: currentMilliseconds()))
    }

    private var chosenIssuer: String? { issuer ?? environment("JWT_ISSUER") }

    private static func first(of list: String) -> String { String(list.prefix { $0 != "," }) }

    private func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Caller.Role: ExpressibleByArgument {}
