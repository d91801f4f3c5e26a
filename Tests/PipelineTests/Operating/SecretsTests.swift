import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// No credential is ever printed: not in a log line at any level, not by a probe, not in an error.
    @Suite struct SecretsTests {
        /// Each is long and odd enough to be found wherever it turns up.
        private static let writeKey = "wk-4f1d9c7e2b"
        private static let wrongKey = "wrong-8a6b5c4d"
        private static let sasl = "sasl-0c9f8e7d6a"
        private static let mongodb = "mongo-5e4d3c2b1a"
        private static let postgresql = "pg-7b6a5f4e3d"
        private static let redaction = "redact-1a2b3c4d5e6f"
        private static let secrets = [writeKey, wrongKey, sasl, mongodb, postgresql, redaction]

        @Test("every role, at the level trace, with stores that refuse its credentials")
        func logs() async throws {
            try await Pipeline.withPipeline { pipeline in
                let settings = [
                    "LOG_LEVEL": "trace", "WRITE_KEYS": "web:\(Self.writeKey)", "COLLECTOR_HOST": "127.0.0.1",
                    "MONGODB_URI":
                        "mongodb://u:\(Self.mongodb)@127.0.0.1:\(pipeline.mongodbPort)/d?serverSelectionTimeoutMS=1000",
                    "POSTGRES_URL": "postgres://u:\(Self.postgresql)@127.0.0.1:\(pipeline.postgresPort)/d",
                    "WORKER_REDACT": "email", "WORKER_REDACT_SECRET": Self.redaction, "PRODUCE_TIMEOUT": "1s",
                ]
                // The collector takes events, then speaks SASL to a broker that does not.
                let collector = try await pipeline.start("collector", settings)
                try await Self.send(to: collector.url)
                let saslSettings = [
                    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "PLAIN",
                    "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": Self.sasl,
                ]
                var roles = [collector]
                for role in ["collector", "worker", "aggregator", "dashboard-api"] {
                    roles.append(try await pipeline.start(role, settings.merging(saslSettings) { $1 }))
                }
                try await Self.send(to: roles[1].url)
                _ = try await get("\(roles[4].url)/api/analytics/visitors?date=2025-05-01&token=\(Self.wrongKey)")
                for role in roles.dropFirst() {
                    try await eventually(within: .seconds(60), "\(role.process.pid) is not ready") {
                        try await get("\(role.url)/readyz").status == 503
                    }
                }
                for role in roles {
                    for path in ["readyz", "healthz", "metrics"] {
                        Self.expectNoSecret(try await get("\(role.url)/\(path)").body, path)
                    }
                    role.process.signal(SIGTERM)
                    _ = try await role.process.wait(within: .seconds(30))
                    #expect(role.process.lines.count > 2)
                    for line in role.process.lines { Self.expectNoSecret(line, "the log") }
                }
            }
        }

        @Test("settings that cannot be used are told without their credentials")
        func settings() async throws {
            let wrong = [
                "KAFKA_BOOTSTRAP_SERVERS": "u:\(Self.sasl)@broker:port", "KAFKA_SASL_PASSWORD": Self.sasl,
                "KAFKA_SSL_KEY_PASSWORD": Self.sasl, "KAFKA_SASL_JAAS_CONFIG": "password=\(Self.sasl)",
                "MONGODB_URI": "mongo://u:\(Self.mongodb)@host", "POSTGRES_URL": "u:\(Self.postgresql)@host/d",
                "WRITE_KEYS": "web \(Self.writeKey)", "WORKER_REDACT": "email", "WORKER_REDACT_SECRET": "1a2b3c",
                "LOG_LEVEL": "trace",
            ]
            for role in ["collector", "worker", "aggregator", "dashboard-api", "provision", "serve"] {
                let result = try await runToEnd(productPath("tributary"), [role], environment: wrong)
                #expect(result.end == .exited(78))
                Self.expectNoSecret(result.output, role)
                #expect(!result.output.contains("1a2b3c"), "\(result.output)")
            }
        }

        private static func send(to collector: String) async throws {
            let event =
                #"{"eventId":"1","userId":"ada","eventType":"page_view","metadata":{"email":"ada@example.org"}}"#
            _ = try await post("\(collector)/v1/events", event, headers: ["authorization": "Bearer \(writeKey)"])
            _ = try await post("\(collector)/v1/events", event, headers: ["authorization": "Bearer \(wrongKey)"])
            _ = try await post("\(collector)/v1/events?key=\(writeKey)", "not JSON")
            _ = try await get("\(collector)/v1/pixel.gif?key=\(wrongKey)&eventType=a&userId=ada")
            _ = try await get("\(collector)/nowhere?key=\(writeKey)")
        }

        private static func expectNoSecret(_ text: String, _ place: String) {
            for secret in secrets { #expect(!text.contains(secret), "\(secret) stands in \(place): \(text)") }
        }
    }
}
