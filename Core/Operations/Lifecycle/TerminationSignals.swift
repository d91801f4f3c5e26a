import Dispatch
import Glibc
public import Logging
import Synchronization

/// SIGTERM and SIGINT: the first one asks for the end, the second one is the end.
///
/// Heard on a thread of Dispatch, not of the cooperative pool, so that a second signal works also where that hangs.
public struct TerminationSignals: ~Copyable {
    private let sources: [any DispatchSourceSignal]

    /// Returns when it listens; `onFirst` is called once, on a thread of Dispatch.
    public init(logger: Logger, onFirst: @escaping @Sendable () -> Void) async {
        let queue = DispatchQueue(label: "termination-signals")
        let seen = SeenFlag()
        sources = [SIGTERM, SIGINT].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if seen.raise() {
                    logger.warning("second signal, ending at once", metadata: ["signal": "\(name(of: number))"])
                    endProcess(with: number)
                }
                logger.info("stopping", metadata: ["signal": "\(name(of: number))"])
                onFirst()
            }
            return source
        }
        for source in sources {
            await withCheckedContinuation { isListening in
                source.setRegistrationHandler { isListening.resume() }
                source.activate()
            }
        }
    }

    deinit { for source in sources { source.cancel() } }
}

/// Whether a signal has come before.
private final class SeenFlag: Sendable {
    private let isSeen = Atomic(false)

    /// Raises the flag and tells whether it was up already.
    func raise() -> Bool { isSeen.exchange(true, ordering: .relaxed) }
}

private func name(of number: Int32) -> String { number == SIGINT ? "SIGINT" : "SIGTERM" }

/// Gives a signal its usual effect: the parent sees that it ended the process.
private func endProcess(with number: Int32) {
    signal(number, SIG_DFL)
    // Dispatch blocks the signals that it listens to.
    var numbers = sigset_t()
    sigemptyset(&numbers)
    sigaddset(&numbers, number)
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    raise(number)
}
