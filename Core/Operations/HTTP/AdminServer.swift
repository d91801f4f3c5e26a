import HTTPTypes
import Hummingbird
public import Logging
public import ServiceLifecycle

/// A small server for the roles that have none of their own: `/healthz`, `/readyz`, `/metrics` and nothing else.
public struct AdminServer: Service, CustomStringConvertible {
    /// Where it listens, once it does.
    public let listening = ListeningAddress()
    private let host: String
    private let port: Int
    private let health: Health
    private let metrics: PrometheusRegistry
    private let logger: Logger

    /// Will listen on this address; port 0 is any free one, told by `listening` and in the log.
    public init(
        host: String = "127.0.0.1", port: Int, health: Health, metrics: PrometheusRegistry, logger: Logger
    ) {
        self.host = host
        self.port = port
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// How lifecycle messages call it.
    public var description: String { "admin server" }

    /// Serves until asked to stop. Throws if the address cannot be had.
    public func run() async throws {
        let router = Router()
        router.add(middleware: RequestMetrics(role: health.role))
        router.add(middleware: ProblemMiddleware())
        addOperationsRoutes(to: router, health: health, metrics: metrics)
        router.refuseOtherMethods()
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [listening, logger] in listening.announce($0, logger: logger) },
            logger: logger.quiet)
        defer { listening.fail(ListeningError.ended) }
        do {
            try await application.run()
        } catch {
            listening.fail(error)
            throw error
        }
    }
}

extension Logger {
    /// For a library that announces every step: notices and what is graver only.
    public var quiet: Logger {
        var logger = self
        if logger.logLevel == .info { logger.logLevel = .notice }
        return logger
    }
}
