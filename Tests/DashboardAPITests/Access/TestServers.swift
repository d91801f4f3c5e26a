import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Operations
import ServiceLifecycle
import Stores
import Synchronization
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// An issuer's server: one document, which may change, fail or keep one waiting.
final class TestIssuer: Sendable {
    private struct State {
        var json: Data
        var isDown = false
        var requests = 0
    }

    private let state: Mutex<State>

    init(_ json: Data) { state = Mutex(State(json: json)) }

    /// How often it was asked.
    var requests: Int { state.withLock { $0.requests } }
    func publish(_ json: Data) { state.withLock { $0.json = json } }
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("keys") { _, _ in
            let (json, isDown) = self.state.withLock { state in
                state.requests += 1
                return (state.json, state.isDown)
            }
            guard !isDown else { return Response(status: .internalServerError) }
            return Response(
                status: .ok, headers: [.contentType: "application/jwk-set+json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
        }
        return router
    }
}

/// Runs servers on sockets of their own for as long as `body` does.
func withServer(
    _ router: Router<some RequestContext & InitializableFromSource<ApplicationRequestContextSource>>,
    _ body: @Sendable (_ url: String) async throws -> Void
) async throws {
    let (listening, logger) = (ListeningAddress(), quietLogger)
    let application = Application(
        router: router, server: .guarded(limits: ConnectionLimits()),
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening.announce($0, logger: logger) }, logger: logger)
    let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        defer { tasks.cancelAll() }
        try await body("http://127.0.0.1:\(try await listening.port)")
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

var quietLogger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}

/// A dashboard whose keys an issuer's server gives, both on sockets.
struct TestDashboard: Sendable {
    let url: String
    let issuer: TestIssuer
    let keys: KeyRing
    let clock: TestClock

    static func with(
        _ json: Data, rules: TokenRules = .test, limit: SubjectLimit? = nil,
        _ body: @Sendable (TestDashboard) async throws -> Void
    ) async throws {
        let (issuer, clock) = (TestIssuer(json), TestClock())
        try await withServer(issuer.router) { address in
            let keys = KeyRing(
                source: .url("\(address)/keys"), cooldown: .seconds(60), logger: quietLogger, clock: { clock.instant })
            let router = Router(context: DashboardContext.self)
            router.add(middleware: ProblemMiddleware())
            let tables = RollupTables([Visit(date: "2025-05-01", user: 1)])
            addDashboardRoutes(
                to: router, store: RollupStoreModel(tables), timeZone: "Europe/Berlin", cacheSize: 1 << 20,
                access: Access(keys: keys, rules: rules, knownTokens: 16, limit: limit, now: { clock.milliseconds }),
                pipeline: nil, now: { clock.milliseconds })
            try await withServer(router) { url in
                try await body(TestDashboard(url: url, issuer: issuer, keys: keys, clock: clock))
            }
        }
    }

    /// Asks for a day of the source `web`.
    func ask(_ token: String?) async throws -> TestAnswer {
        try await send("GET", "/api/analytics/visitors?date=2025-05-01&source=web", bearer: token)
    }

    func send(
        _ method: String, _ path: String, bearer: String? = nil, headers: [String: String] = [:], body: String? = nil
    ) async throws -> TestAnswer {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        if let bearer { request.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await Self.client.execute(request, timeout: .seconds(120))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        return TestAnswer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    /// One for all tests, at work until the process ends.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(120)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}

/// What a dashboard said.
struct TestAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    func header(_ name: String) -> String? { headers.first(name: name) }

    var members: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }
    var code: String? { members["code"] as? String }
}

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    func advance(by duration: Duration) { passed.withLock { $0 += duration } }
    var instant: ContinuousClock.Instant { start + passed.withLock { $0 } }
    var milliseconds: Int64 { Int64(TestKey.now) * 1000 + Int64(passed.withLock { $0 } / .milliseconds(1)) }
}

extension TokenRules {
    static var test: TokenRules {
        var rules = TokenRules(issuer: TestKey.issuer)
        rules.audiences = ["dashboard"]
        return rules
    }
}
