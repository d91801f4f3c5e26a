import Foundation
import Synchronization

/// A process that a test has started, with pipes to its standard input and from its standard output.
///
/// By `posix_spawn`, since Foundation's `Process` shares more with its parent than a test of crashes likes. A
/// process that is still there when the last reference goes is killed.
public final class ChildProcess: Sendable {
    /// What became of it.
    public enum End: Sendable, Equatable {
        /// It ended by itself.
        case exited(Int32)
        /// A signal ended it.
        case killed(Int32)
    }

    /// What a test could not do with a process.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var lines: [String] = []
        var end: End?
        /// Whether its output has been read to the end.
        var isRead = false
    }

    /// The process's id.
    public let pid: Int32
    private let input: FileHandle
    private let state = Mutex(State())

    /// Starts a program. Its standard error is this process's own.
    public init(_ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil) throws {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let (pid, input, reading) = try spawning.withLock { _ in try spawn(executable, arguments, environment) }
        (self.pid, self.input) = (pid, FileHandle(fileDescriptor: input, closeOnDealloc: true))
        let output = FileHandle(fileDescriptor: reading, closeOnDealloc: true)
        Thread { [weak self] in
            readLines(output) { line in self?.state.withLock { $0.lines.append(line) } }
            self?.state.withLock { $0.isRead = true }
        }.start()
    }

    deinit { if poll() == nil { stop() } }

    /// Whether it has ended.
    public var hasEnded: Bool { poll() != nil }

    /// The lines it has printed so far.
    public var lines: [String] { state.withLock { $0.lines } }

    /// Waits for the first line that satisfies the condition.
    public func line(within limit: Duration, where isWanted: (String) -> Bool) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let hasEnded = poll() != nil && state.withLock { $0.isRead }
            if let line = lines.first(where: isWanted) { return line }
            guard !hasEnded, .now < deadline else { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Failure(description: "process \(pid) did not print what was waited for (\(lines), \(poll() as Any))")
    }

    /// Sends a signal, such as `SIGTERM`, `SIGKILL`, `SIGSTOP`, `SIGCONT`; none once it has ended.
    public func signal(_ number: Int32) {
        state.withLock { if $0.end == nil { kill(pid, number) } }
    }

    /// Waits for its end.
    @discardableResult
    public func wait(within limit: Duration) async throws -> End {
        let deadline = ContinuousClock.now + limit
        while .now < deadline {
            if let end = poll() { return end }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Failure(description: "process \(pid) did not end")
    }

    /// Waits for its end, and for that of its output, which a busy machine reads a little later.
    public func waitForOutput(within limit: Duration) async throws -> End {
        let deadline = ContinuousClock.now + limit
        let end = try await wait(within: limit)
        while !state.withLock({ $0.isRead }) {
            guard .now < deadline else { throw Failure(description: "the output of process \(pid) did not end") }
            try await Task.sleep(for: .milliseconds(5))
        }
        return end
    }

    /// Kills it and waits for its end.
    public func stop() {
        signal(SIGKILL)
        while poll() == nil { usleep(1_000) }
    }

    /// Its end, if it has come.
    private func poll() -> End? {
        state.withLock { state in
            if let end = state.end { return end }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7f
            state.end = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
            return state.end
        }
    }
}

/// One at a time: a pipe is open to other children until it has been told to close for them.
private let spawning = Mutex(())

/// Starts a program with no signal masked and only the descriptors it is to have.
private func spawn(
    _ executable: String, _ arguments: [String], _ environment: [String: String]
) throws -> (pid: Int32, input: Int32, output: Int32) {
    let (input, output) = (makePipe(), makePipe())
    defer {
        close(input.reading)
        close(output.writing)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    var settings = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer {
        (words + settings).forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    var pid = pid_t()
    let code = posix_spawn(&pid, executable, &actions, &attributes, &words, &settings)
    guard code == 0 else {
        close(input.writing)
        close(output.reading)
        throw ChildProcess.Failure(description: "\(executable): \(String(cString: strerror(code)))")
    }
    return (pid, input.writing, output.reading)
}

/// A pipe that other children do not inherit: a writing end kept open there would hide its owner's end.
private func makePipe() -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Reads to the end, a line at a time.
private func readLines(_ handle: FileHandle, _ take: (String) -> Void) {
    var rest = Data()
    while case let data = handle.availableData, !data.isEmpty {
        rest.append(data)
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(String(decoding: rest[..<end], as: UTF8.self))
            rest = Data(rest[(end + 1)...])
        }
    }
    if !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
}
