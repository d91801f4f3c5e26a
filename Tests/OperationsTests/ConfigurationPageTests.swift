import Foundation
import Testing

@testable import Operations

/// docs/configuration.md names every setting, and none that there is not.
struct ConfigurationPageTests {
    private static let page = try? String(
        contentsOf: URL(filePath: #filePath).appending(path: "../../../docs/configuration.md").standardized,
        encoding: .utf8)

    /// Of all roles. A JWKS, since without one the settings of tokens are not looked at.
    private static let names = Role.allCases.reduce(into: Set<String>()) { names, role in
        names.formUnion(Settings.names(for: role, environment: ["JWKS_FILE": "jwks.json", "JWT_ISSUER": "issuer"]))
    }

    @Test func namesEverySetting() throws {
        let page = try #require(Self.page)
        #expect(Self.names.count > 60)
        for name in Self.names.sorted() { #expect(page.contains("`\(name)`"), "\(name)") }
    }

    @Test func namesNoOther() throws {
        let page = try #require(Self.page)
        for match in page.matches(of: /`([A-Z]+(?:_[A-Z]+)+)`/) {
            let name = String(match.output.1)
            #expect(Self.names.contains(name) || name.hasPrefix("KAFKA_"), "\(name)")
        }
    }
}
