import Foundation
import Synchronization

/// What all handles of one file share in this process: recent ids, groups and extents live in memory, so two of it
/// would not see each other's work.
protocol FileCore: Sendable {
    /// Lets go of the file. No call is under way any more.
    func close() async
}

/// The files that are open in this process, by resolved path, with the number of their handles.
final class OpenFiles<Core: FileCore>: Sendable {
    private let entries = Mutex<[String: (core: Core, handles: Int)]>([:])

    fileprivate func open(_ key: String, _ make: (String) throws -> Core) throws -> Core {
        try entries.withLock { entries in
            if let entry = entries[key] {
                entries[key]?.handles += 1
                return entry.core
            }
            let core = try make(key)
            entries[key] = (core, 1)
            return core
        }
    }

    /// - Returns: whether that was the last handle.
    fileprivate func release(_ key: String) -> Bool {
        entries.withLock { entries in
            entries[key]?.handles -= 1
            guard entries[key]?.handles == 0 else { return false }
            entries[key] = nil
            return true
        }
    }
}

/// One handle of a file. It closes for itself: what is under way through it ends first, and other handles go on. The
/// last one closes the file.
final class SharedFile<Core: FileCore>: Sendable {
    private struct State {
        var isClosed = false
        var calls = 0
        var closing: CheckedContinuation<Void, Never>?
    }

    let core: Core
    private let key: String
    private let files: OpenFiles<Core>
    private let state = Mutex(State())

    /// - Parameter make: opens or makes the file, where no other handle has.
    init(path: String, in files: OpenFiles<Core>, make: (String) throws -> Core) throws {
        let file = URL(fileURLWithPath: path)
        // The folder's path is resolved: the file may not be there yet.
        key = file.deletingLastPathComponent().resolvingSymlinksInPath().appending(path: file.lastPathComponent).path
        self.files = files
        core = try files.open(key, make)
    }

    deinit {
        // Dropped without a goodbye: nothing is under way, and the core closes its file when it goes.
        if !state.withLock({ $0.isClosed }) { _ = files.release(key) }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Runs a call, unless the handle is closed.
    func use<Value: Sendable>(
        orThrow closed: any Error, _ body: @Sendable (Core) async throws -> Value
    ) async throws -> Value {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.calls += 1 }
            return !state.isClosed
        }
        guard isOpen else { throw closed }
        defer { leave() }
        return try await body(core)
    }

    private func leave() {
        let closing = state.withLock { state in
            state.calls -= 1
            return state.calls == 0 ? state.closing : nil
        }
        closing?.resume()
    }

    /// Refuses further calls and waits for those under way. Idempotent.
    func close() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.closing = continuation
                return state.calls == 0
            }
            if isIdle { continuation.resume() }
        }
        if files.release(key) { await core.close() }
    }
}
