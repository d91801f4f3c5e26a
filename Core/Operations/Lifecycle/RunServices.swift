import Glibc
public import Logging
public import ServiceLifecycle
import UnixSignals

/// Runs services until SIGTERM or SIGINT, or until one of them fails; returns or throws when all have ended.
///
/// The signal lets the services end in reverse order, each finishing what it has begun. After `gracePeriod` in all,
/// those left are cancelled; one that does not heed that ends the process with status 1 half a second later. A second
/// signal kills at once. A service that fails, or returns without being asked, stops the others in the same way.
/// - Throws: what a service failed with; `ServiceFailure` names it. The caller exits non-zero.
public func runServices(
    _ services: [any Service], logger: Logger, gracePeriod: Duration = .seconds(9)
) async throws {
    let deadline = ShutdownDeadline(after: gracePeriod + .milliseconds(500), logger: logger)
    defer { deadline.cancel() }
    var configuration = ServiceGroupConfiguration(
        services: services.map { service in
            .init(
                service: WatchedService(service: service, deadline: deadline, logger: logger),
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup,
                serviceName: "\(service)")
        }, logger: logger.quiet)
    configuration.maximumGracefulShutdownDuration = gracePeriod
    let group = ServiceGroup(configuration: configuration)

    try await withThrowingTaskGroup { tasks in
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        tasks.addTask { await heed(signals, group: group, deadline: deadline, logger: logger) }
        defer { tasks.cancelAll() }
        try await group.run()
    }
    logger.info("stopped")
}

/// Turns the first signal into a graceful shutdown and lets the second one have its usual effect.
private func heed(
    _ signals: UnixSignalsSequence, group: ServiceGroup, deadline: ShutdownDeadline, logger: Logger
) async {
    var isStopping = false
    for await caught in signals {
        if isStopping {
            logger.warning("second signal, ending at once", metadata: ["signal": "\(caught)"])
            signal(caught.number, SIG_DFL)
            raise(caught.number)
        }
        isStopping = true
        logger.info("stopping", metadata: ["signal": "\(caught)"])
        deadline.start()
        await group.triggerGracefulShutdown()
    }
}

/// A service that failed or ended before its time.
public struct ServiceFailure: Error, CustomStringConvertible {
    /// The service, as it describes itself.
    public let service: String
    /// What it threw; `nil` where it returned without being asked to.
    public let cause: (any Error)?

    public var description: String {
        "\(service) \(cause.map { "failed: \($0)" } ?? "ended without being asked to")"
    }
}

/// A service whose untimely end is logged with its name and begins the end of all.
private struct WatchedService: Service {
    let service: any Service
    let deadline: ShutdownDeadline
    let logger: Logger

    func run() async throws {
        do {
            try await service.run()
            if Task.isShuttingDownGracefully || Task.isCancelled { return }
            throw ServiceFailure(service: "\(service)", cause: nil)
        } catch is CancellationError where Task.isCancelled {
            return
        } catch {
            let failure = error as? ServiceFailure ?? ServiceFailure(service: "\(service)", cause: error)
            logger.critical(
                "service failed",
                metadata: [
                    "service": "\(failure.service)",
                    "error": .string(withoutCredentials(failure.cause.map { "\($0)" } ?? failure.description)),
                ])
            deadline.start()
            throw failure
        }
    }
}

extension UnixSignal {
    fileprivate var number: Int32 { self == .sigint ? SIGINT : SIGTERM }
}
