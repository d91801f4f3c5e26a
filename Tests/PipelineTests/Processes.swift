import TestSupport

/// Starts a program whose two output streams are read as one.
func startBothStreams(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil
) throws -> ChildProcess {
    try ChildProcess(
        "/bin/sh", ["-c", #"exec "$0" "$@" 2>&1"#, executable] + arguments, environment: environment)
}

/// Runs a program to its end, at most two minutes.
func runToEnd(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil
) async throws -> (end: ChildProcess.End, output: String) {
    let process = try startBothStreams(executable, arguments, environment: environment)
    let end = try await process.waitForOutput(within: .seconds(120))
    return (end, process.lines.joined(separator: "\n"))
}

/// Waits until a condition holds. What the condition throws counts as not yet.
func eventually(
    within limit: Duration, _ what: String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var last = ""
    while .now < deadline {
        do { if try await condition() { return } } catch { last = "; last: \(error)" }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw PipelineFailure("in \(limit) it never came true that \(what)\(last)")
}
