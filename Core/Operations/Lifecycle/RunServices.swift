public import Logging
public import ServiceLifecycle

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
                serviceName: name(of: service))
        }, logger: logger.quiet)
    configuration.maximumGracefulShutdownDuration = gracePeriod
    let group = ServiceGroup(configuration: configuration)

    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    let signals = await TerminationSignals(logger: logger) {
        deadline.start()
        stop.yield()
    }
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { for await _ in stops { await group.triggerGracefulShutdown() } }
        defer { tasks.cancelAll() }
        try await group.run()
    }
    logger.info("stopped")
    _ = consume signals
}

/// A service that failed or ended before its time.
public struct ServiceFailure: Error, CustomStringConvertible {
    /// The service, as it describes itself.
    public let service: String
    /// What it threw; `nil` where it returned without being asked to.
    public let cause: (any Error)?

    /// What happened, without credentials.
    public var description: String {
        "\(service) \(cause.map { "failed: \(withoutCredentials("\($0)"))" } ?? "ended without being asked to")"
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
            throw ServiceFailure(service: name(of: service), cause: nil)
        } catch is CancellationError where Task.isCancelled {
            return
        } catch {
            let failure = error as? ServiceFailure ?? ServiceFailure(service: name(of: service), cause: error)
            logger.critical(
                "service failed",
                metadata: [
                    "service": "\(failure.service)",
                    "error": "\(failure)",
                ])
            deadline.start()
            throw failure
        }
    }
}

/// What a service calls itself, else its type: printing one as it is would show all it holds, passwords included.
private func name(of service: any Service) -> String {
    (service as? any CustomStringConvertible)?.description ?? "\(type(of: service))"
}
