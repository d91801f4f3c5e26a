import ArgumentParser
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import Operations
import ServiceLifecycle

/// What every role's command takes.
struct RoleOptions: ParsableArguments {
    @Option(help: "A JSON file of settings; environment variables come first.")
    var config: String?
}

/// The common part of every role's process: settings, logs, metrics, health and life.
struct RoleProcess {
    let settings: Settings
    let logger: Logger
    let metrics: PrometheusRegistry

    /// Reads the settings and sets up logs and metrics. Wrong settings are all printed, and the exit status is 78
    /// (EX_CONFIG).
    /// - Parameters:
    ///   - overrides: settings given on the command line, by their names in the environment.
    ///   - quiet: whether to log warnings and what is graver only, unless `LOG_LEVEL` says otherwise.
    ///   - log: where the log goes.
    init(
        _ role: Role, _ options: RoleOptions, overrides: [String: String] = [:], quiet: Bool = false,
        log: any LogSink = DescriptorSink()
    ) throws {
        let standing = quiet ? ["LOG_LEVEL": "warning"] : [:]
        do {
            settings = try Settings.load(
                for: role,
                environment: standing.merging(ProcessInfo.processInfo.environment) { $1 }.merging(overrides) { $1 },
                file: options.config, kafkaProperty: judgeKafkaProperty)
        } catch {
            say("tributary \(role.rawValue): \(error)")
            throw ExitCode(78)
        }
        bootstrapLogging(role: role.rawValue, level: settings.logLevel, sink: log)
        metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        logger = Logger(label: "tributary")
        for warning in settings.warnings {
            logger.warning("A setting has no effect", metadata: ["setting": "\(warning)"])
        }
    }

    /// Runs services until a signal ends them, then closes what they used; exits non-zero if one failed.
    func run(_ services: [any Service], then close: @Sendable () async -> Void) async throws {
        do {
            try await runServices(services, logger: logger)
            await close()
        } catch {
            // The failure has been logged with its service's name.
            await close()
            throw ExitCode.failure
        }
    }

    /// A server of this role's own routes beside those that every role has.
    /// - Parameter http: makes the connections, whose requests the responder answers.
    func server<Context: RequestContext>(
        host: String, port: Int, health: Health, context: Context.Type,
        http: (RouterResponder<Context>) -> HTTPServerBuilder = { _ in .guarded(limits: ConnectionLimits()) },
        addRoutes: (Router<Context>) -> Void
    ) -> some Service where Context.Source == ApplicationRequestContextSource {
        let router = Router(context: Context.self)
        router.add(middleware: RequestMetrics(role: settings.role.rawValue))
        router.add(middleware: ProblemMiddleware())
        addOperationsRoutes(to: router, health: health, metrics: metrics)
        addRoutes(router)
        router.refuseOtherMethods()
        let listening = ListeningAddress()
        let responder = router.buildResponder()
        return Application(
            responder: responder, server: http(responder),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [logger] in listening.announce($0, logger: logger) }, logger: logger.quiet)
    }
}

/// The clock: milliseconds since 1970.
func currentMilliseconds() -> Int64 {
    Int64(Date().timeIntervalSince1970 * 1000)
}

/// A text that no other batch has.
func freshToken() -> String { UUID().uuidString }
