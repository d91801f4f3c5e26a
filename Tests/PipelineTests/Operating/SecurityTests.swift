import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Encrypted connections and least privilege, by configuration alone.
    @Suite struct SecurityTests {
        private static let event =
            #"{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#

        @Test("PostgreSQL: TLS that is verified, a password, and a role for each that has no more rights than it needs")
        func postgresql() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await RollupRoles.with { rollups in
                    let provisioned = try await pipeline.run(
                        ["provision"], ["POSTGRES_URL": rollups.url("tributary_owner")])
                    #expect(provisioned.end == .exited(0), "\(provisioned.output)")
                    // Once more, for what can be revoked only when it is there.
                    try await rollups.applyScript()

                    _ = try await pipeline.start("worker")
                    let collector = try await pipeline.start("collector")
                    _ = try await pipeline.start("aggregator", ["POSTGRES_URL": rollups.url("tributary_aggregator")])
                    let dashboard = try await pipeline.start(
                        "dashboard-api", ["POSTGRES_URL": rollups.url("tributary_dashboard")])
                    #expect(try await post("\(collector.url)/v1/events", Self.event).status == 202)
                    try await dashboard.waitUntilComplete()
                    #expect(try await dashboard.visitors("date=2025-05-01").events == 1)
                    for role in ["tributary_aggregator", "tributary_dashboard"] {
                        let unencrypted = try await rollups.count(
                            """
                            SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
                            WHERE usename = '\(role)' AND NOT ssl
                            """)
                        #expect(unencrypted == 0)
                        #expect(
                            try await rollups.count(
                                "SELECT count(*) FROM pg_stat_activity WHERE usename = '\(role)'") > 0)
                    }

                    let refused = [
                        ("tributary_dashboard", "DELETE FROM daily_rollup"), ("tributary_dashboard", "TABLE visitor"),
                        ("tributary_dashboard", "CREATE TABLE mine ()"),
                        ("tributary_aggregator", "DROP TABLE daily_rollup"),
                        ("tributary_aggregator", "CREATE TABLE mine ()"),
                        ("tributary_aggregator", "DELETE FROM schema_migration"),
                        ("tributary_owner", "CREATE ROLE another"),
                    ]
                    for (role, statement) in refused {
                        let result = try await rollups.sql(statement, as: role)
                        #expect(result.end != .exited(0), "\(role) may \(statement)")
                        let words = ["permission denied", "must be owner"]
                        #expect(words.contains { result.output.contains($0) }, "\(result.output)")
                    }
                }
            }
        }

        @Test("PostgreSQL: no word to a server with another certificate; a wrong password is refused and not shown")
        func impostor() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await RollupRoles.with { rollups in
                    try await TemporaryDirectory.with { directory in
                        let other = "\(directory.path)/other.crt"
                        let made = try await runToEnd(
                            "/usr/bin/openssl",
                            [
                                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                                "-subj", "/CN=other", "-keyout", "\(directory.path)/other.key", "-out", other,
                            ])
                        #expect(made.end == .exited(0), "\(made.output)")
                        let wrong = try await pipeline.run(
                            ["provision"], ["POSTGRES_URL": rollups.url("tributary_owner", authority: other)])
                        #expect(wrong.end == .exited(1))
                        #expect(wrong.output.contains("certificate verify failed"), "\(wrong.output)")
                    }
                    let wrong = try await pipeline.run(
                        ["provision"], ["POSTGRES_URL": rollups.url("tributary_owner", password: "not-the-password")])
                    #expect(wrong.end == .exited(1))
                    #expect(wrong.output.contains("password authentication failed"), "\(wrong.output)")
                    #expect(!wrong.output.contains("not-the-password"))
                }
            }
        }

        @Test("MongoDB: TLS that is verified, SCRAM-SHA-256, and no entry for others")
        func mongodb() async throws {
            try await SecuredMongoDB.with { server in
                try await Pipeline.withPipeline { pipeline in
                    for address in [server.address(password: "wrong"), server.address(user: nil), server.plain] {
                        let result = try await pipeline.run(["provision"], ["MONGODB_URI": address])
                        #expect(result.end == .exited(1), "\(result.output)")
                        #expect(!result.output.contains("wrong"), "\(result.output)")
                    }
                    let settings = ["MONGODB_URI": server.address()]
                    let provisioned = try await pipeline.run(["provision"], settings)
                    #expect(provisioned.end == .exited(0), "\(provisioned.output)")
                    _ = try await pipeline.start("worker", settings)
                    let collector = try await pipeline.start("collector")
                    _ = try await pipeline.start("aggregator", settings)
                    let dashboard = try await pipeline.start("dashboard-api")
                    #expect(try await post("\(collector.url)/v1/events", Self.event).status == 202)
                    try await dashboard.waitUntilComplete()
                    #expect(try await dashboard.visitors("date=2025-05-01").events == 1)
                }
            }
        }
    }
}

/// A database of its own with the roles of `deploy/postgresql/roles.sql`.
private struct RollupRoles {
    private let database: String
    private let superuser: String
    private static let password = "a p@ss/word"

    static func with(_ body: (RollupRoles) async throws -> Void) async throws {
        let database = "roles_\(UUID().uuidString.prefix(8).lowercased())"
        let rollups = RollupRoles(database: database, superuser: try await Servers.makePostgresDatabase(database))
        do {
            try await rollups.applyScript()
            for role in ["tributary_owner", "tributary_aggregator", "tributary_dashboard"] {
                let result = try await rollups.run(rollups.superuser, "ALTER ROLE \(role) PASSWORD '\(password)'")
                guard result.end == .exited(0) else { throw PipelineFailure(result.output) }
            }
            try await body(rollups)
        } catch {
            await Servers.dropPostgresDatabase(database)
            throw error
        }
        await Servers.dropPostgresDatabase(database)
    }

    func applyScript() async throws {
        let script = repository(file: "deploy/postgresql/roles.sql").path
        let result = try await runToEnd(
            "/usr/bin/psql", ["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", script, superuser])
        guard result.end == .exited(0) else { throw PipelineFailure("roles.sql: \(result.output)") }
    }

    /// The address as an operator writes it: verified TLS and a percent-encoded password.
    func url(_ role: String, authority: String? = nil, password: String = RollupRoles.password) -> String {
        var components = URLComponents(string: superuser)!
        components.user = role
        components.percentEncodedPassword = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        let file = authority ?? ProcessInfo.processInfo.environment["TRIBUTARY_TEST_POSTGRES_CA"] ?? ""
        components.queryItems = [
            URLQueryItem(name: "sslmode", value: "verify-full"), URLQueryItem(name: "sslrootcert", value: file),
        ]
        return components.string ?? ""
    }

    func sql(_ statement: String, as role: String) async throws -> (end: ChildProcess.End, output: String) {
        try await run(url(role), statement)
    }

    func count(_ query: String) async throws -> Int {
        let result = try await run(superuser, query)
        guard let count = Int(result.output) else { throw PipelineFailure("\(query): \(result.output)") }
        return count
    }

    private func run(_ url: String, _ statement: String) async throws -> (end: ChildProcess.End, output: String) {
        try await runToEnd("/usr/bin/psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", url, "--command", statement])
    }
}

/// A MongoDB server that wants TLS and a password.
private struct SecuredMongoDB {
    private let port: Int
    private let certificate: String

    static func with(_ body: (SecuredMongoDB) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let (certificate, key) = ("\(directory.path)/server.crt", "\(directory.path)/server.key")
            let made = try await runToEnd(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out",
                    certificate,
                ])
            guard made.end == .exited(0) else { throw PipelineFailure(made.output) }
            let server = SecuredMongoDB(port: try freePort(), certificate: certificate)
            // Users are made by whoever connects before passwords are asked for.
            let open = try server.start(directory.path, [])
            defer { open.stop() }
            try await server.makeUser()
            open.signal(SIGTERM)
            _ = try await open.wait(within: .seconds(30))
            let closed = try server.start(
                directory.path, ["--auth", "--tls-cert-file", certificate, "--tls-key-file", key])
            defer { closed.stop() }
            try await eventually(within: .seconds(30), "the server listens") {
                closed.lines.contains { $0.lowercased().contains("listening") } || canConnect(server.port)
            }
            try await body(server)
        }
    }

    /// The address of a user, by default of the one that there is.
    func address(user: String? = "tributary", password: String = "a-p%40ss") -> String {
        let credentials = user.map { "\($0):\(password)@" } ?? ""
        let authentication = user == nil ? "" : "&authSource=admin&authMechanism=SCRAM-SHA-256"
        return "mongodb://\(credentials)127.0.0.1:\(port)/tributary?tls=true&tlsCAFile=\(certificate)\(authentication)"
    }

    /// Without TLS.
    var plain: String { "mongodb://127.0.0.1:\(port)/tributary?serverSelectionTimeoutMS=2000" }

    private func start(_ directory: String, _ options: [String]) throws -> ChildProcess {
        try startBothStreams(
            repository(file: ".local/venv/bin/secantusd-py").path,
            ["--host", "127.0.0.1", "--port", "\(port)", "--storage-path", "\(directory)/data", "--cache-size", "64M"]
                + options)
    }

    private func makeUser() async throws {
        let program = """
            from pymongo import MongoClient
            client = MongoClient("127.0.0.1", \(port), serverSelectionTimeoutMS=20000)
            client.admin.command("createUser", "tributary", pwd="a-p@ss", roles=["root"], mechanisms=["SCRAM-SHA-256"])
            """
        let result = try await runToEnd(repository(file: ".local/venv/bin/python").path, ["-c", program])
        guard result.end == .exited(0) else { throw PipelineFailure("createUser: \(result.output)") }
    }
}

/// Whether somebody accepts connections on a port of this machine.
private func canConnect(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
