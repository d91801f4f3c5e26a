import Glibc
import Synchronization

/// SIGHUP before anybody listens for it: it neither ends the process nor is forgotten.
///
/// Whoever changes a file and sends the signal need not know how far the process has come: what was read before the
/// change is read again as soon as `ReloadService` listens.
public enum EarlyHangUp {
    private static let hasCome = Atomic(false)
    /// As `nohup` has it.
    private static let wasIgnored = Atomic(false)

    /// Catches SIGHUP from now on. For the first lines of a process that may reload.
    public static func expect() {
        // Made here: what a handler does first must not have to be made in it.
        _ = hasCome.load(ordering: .relaxed)
        // Caught, not ignored: what is ignored cannot be listened for later.
        let before = signal(SIGHUP) { _ in EarlyHangUp.hasCome.store(true, ordering: .relaxed) }
        if isIgnoring(before) { wasIgnored.store(true, ordering: .relaxed) }
    }

    /// Whether one has come that nobody has asked for.
    static var isPending: Bool { hasCome.load(ordering: .relaxed) }

    /// Whether one came; asked once, when somebody listens.
    static func take() -> Bool { hasCome.exchange(false, ordering: .relaxed) }

    /// Nobody will listen: SIGHUP has again the effect that it had before, one that came already included.
    public static func giveUp() {
        signal(SIGHUP, wasIgnored.load(ordering: .relaxed) ? SIG_IGN : SIG_DFL)
        // Not `raise`: threads of the cooperative pool block signals.
        if take() { kill(getpid(), SIGHUP) }
    }

    private static func isIgnoring(_ handler: __sighandler_t?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
