import Foundation
import TestSupport

/// The MongoDB and PostgreSQL servers that `make test` has started.
enum Servers {
    /// The address of a database of this name; MongoDB makes it when it is first written to.
    static func mongodbURI(database: String) throws -> String {
        var address = try components("TRIBUTARY_TEST_MONGODB_URI")
        address.path = "/\(database)"
        return address.string ?? ""
    }

    /// Makes a PostgreSQL database and returns its address.
    static func makePostgresDatabase(_ name: String) async throws -> String {
        let result = try await psql("CREATE DATABASE \(name)")
        guard result.end == .exited(0) else { throw PipelineFailure("psql failed: \(result.output)") }
        var address = try components("TRIBUTARY_TEST_POSTGRES_URL")
        address.path = "/\(name)"
        return address.string ?? ""
    }

    /// Drops a PostgreSQL database, whoever is still connected.
    static func dropPostgresDatabase(_ name: String) async {
        _ = try? await psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    private static func psql(_ sql: String) async throws -> (end: ChildProcess.End, output: String) {
        let url = try components("TRIBUTARY_TEST_POSTGRES_URL").string ?? ""
        return try await runToEnd("/usr/bin/psql", ["--quiet", "--no-psqlrc", url, "--command", sql])
    }

    private static func components(_ variable: String) throws -> URLComponents {
        guard let text = ProcessInfo.processInfo.environment[variable], let components = URLComponents(string: text)
        else { throw PipelineFailure("\(variable) is not set: run the tests by `make test`") }
        return components
    }
}
