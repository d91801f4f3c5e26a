import Dispatch
import Glibc
public import Logging
import Metrics
public import ServiceLifecycle

/// Something that a process reads again when it is told to, such as a file of keys.
public struct Reloadable: Sendable {
    /// What it is: appears in logs, and as a metric's label.
    let name: String
    /// Reads it anew and puts it in place as a whole; says in a few words what it read.
    ///
    /// Where it throws, what was in place before must still be.
    let reload: @Sendable () throws -> String

    /// Describes it.
    /// - Parameters:
    ///   - name: one of a few fixed words, such as `schemas`.
    ///   - reload: reads and replaces all or, throwing, nothing.
    public init(name: String, reload: @escaping @Sendable () throws -> String) {
        self.name = name
        self.reload = reload
    }
}

/// On SIGHUP reads everything again that can be; what cannot be used is logged and counted, and the old stays.
///
/// Signals that come while it reads are one more round.
public struct ReloadService: Service {
    /// Rounds by name and result, `done` or `refused`.
    static let reloadsLabel = "tributary_reloads_total"

    private let reloadables: [Reloadable]
    private let logger: Logger

    /// Reloads these, in this order.
    public init(_ reloadables: [Reloadable], logger: Logger) {
        EarlyHangUp.expect()
        self.reloadables = reloadables
        self.logger = logger
    }

    /// Listens until the shutdown begins.
    public func run() async throws {
        let (rounds, round) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "reload-signal"))
        source.setEventHandler { round.yield() }
        await withCheckedContinuation { isListening in
            source.setRegistrationHandler { isListening.resume() }
            source.activate()
        }
        defer { source.cancel() }
        if EarlyHangUp.take() { round.yield() }
        for await _ in rounds.cancelOnGracefulShutdown() {
            for reloadable in reloadables { reload(reloadable) }
        }
    }

    private func reload(_ reloadable: Reloadable) {
        let what: Logger.Metadata = ["what": "\(reloadable.name)"]
        do {
            let now = try reloadable.reload()
            logger.info("reloaded", metadata: what.merging(["now": "\(now)"]) { $1 })
            count(reloadable, "done")
        } catch {
            logger.error(
                "not reloaded, what was in place stays", metadata: what.merging(["error": "\(error)"]) { $1 })
            count(reloadable, "refused")
        }
    }

    private func count(_ reloadable: Reloadable, _ result: String) {
        Counter(label: Self.reloadsLabel, dimensions: [("what", reloadable.name), ("result", result)]).increment()
    }
}
