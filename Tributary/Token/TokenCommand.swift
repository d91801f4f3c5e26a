import ArgumentParser

/// `tributary token`: tokens for the dashboard, where there is no issuer that gives them.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make a key and sign tokens for the dashboard, without an issuer.",
        discussion: "The dashboard takes them with JWKS_FILE and JWT_ISSUER; docs/access.md shows how.",
        subcommands: [CreateSigningKeyCommand.self, MintTokenCommand.self])
}
