import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import Operations

@Suite struct ServerTests {
    private let quiet = Logger(label: "test") { JSONLogHandler(label: $0, role: "r", level: .info, sink: MemorySink()) }

    @Test func operationsRoutes() async throws {
        struct Down: Error {}
        let registry = PrometheusRegistry()
        let router = Router()
        router.add(middleware: RequestMetrics(role: "worker", factory: registry))
        router.add(middleware: ProblemMiddleware())
        let health = Health(role: "worker", checks: [HealthCheck(name: "kafka") { throw Down() }])
        addOperationsRoutes(to: router, health: health, metrics: registry)
        router.refuseOtherMethods()
        try await Application(router: router, logger: quiet).test(.router) { client in
            try await client.execute(uri: "/healthz", method: .get) { response in
                #expect(response.status == .ok)
                #expect(String(buffer: response.body) == #"{"status":"alive","role":"worker"}"#)
            }
            try await client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == .serviceUnavailable)
                #expect(
                    String(buffer: response.body).contains(#"{"name":"kafka","status":"failing","reason":"Down()"}"#))
            }
            for path in ["/nothing", "/nothing/else"] {
                try await client.execute(uri: path, method: .get) { #expect($0.status == .notFound) }
            }
            try await client.execute(uri: "/healthz", method: .post) { #expect($0.status == .methodNotAllowed) }
            let odd = try #require(HTTPRequest.Method("BREW"))
            try await client.execute(uri: "/healthz", method: odd) { #expect($0.status == .notFound) }
            try await client.execute(uri: "/metrics", method: .get) { response in
                #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
                let lines = String(buffer: response.body).split(separator: "\n")
                let requests = lines.filter { $0.hasPrefix("tributary_http_requests_total{") }
                #expect(
                    requests == [
                        #"tributary_http_requests_total{method="GET",role="worker",route="(none)",status="404"} 2"#,
                        #"tributary_http_requests_total{method="GET",role="worker",route="/healthz",status="200"} 1"#,
                        #"tributary_http_requests_total{method="GET",role="worker",route="/readyz",status="503"} 1"#,
                        #"tributary_http_requests_total{method="POST",role="worker",route="/healthz",status="405"} 1"#,
                        #"tributary_http_requests_total{method="other",role="worker",route="(none)",status="404"} 1"#,
                    ])
                #expect(
                    lines.contains(
                        #"tributary_http_request_seconds_count{method="GET",role="worker",route="/healthz"} 1"#))
            }
        }
    }

    @Test func theAdminServerListensWhereItSays() async throws {
        let sink = MemorySink()
        let logger = Logger(label: "admin") { JSONLogHandler(label: $0, role: "worker", level: .info, sink: sink) }
        let server = AdminServer(
            port: 0, health: Health(role: "worker"), metrics: PrometheusRegistry(), logger: logger)
        let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let port = try await server.listening.port
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let response = try await client.get("/readyz")
                #expect(response.body.map { String(buffer: $0) } == #"{"status":"ready","checks":[]}"#)
            }
            #expect(
                sink.lines.contains { $0.contains(#""message":"listening""#) && $0.contains("\"port\":\"\(port)\"") })
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func aPortThatIsTakenIsAnError() async throws {
        let first = AdminServer(port: 0, health: Health(role: "r"), metrics: PrometheusRegistry(), logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [first], logger: quiet))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let port = try await first.listening.port
            let second = AdminServer(
                port: port, health: Health(role: "r"), metrics: PrometheusRegistry(), logger: quiet)
            await #expect(throws: (any Error).self) { try await second.run() }
            await #expect(throws: (any Error).self) { try await second.listening.port }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func anIdleConnectionDoesNotHoldUpTheShutdown() async throws {
        let server = AdminServer(port: 0, health: Health(role: "r"), metrics: PrometheusRegistry(), logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        let running = Task { try await group.run() }
        let port = try await server.listening.port
        try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
            #expect(try await client.get("/healthz").status == .ok)
            let start = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await running.value
            // Without an end of its own the connection would stay until it has been idle for a minute.
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }
}
