import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Operations

/// Each test runs in a process of its own, because signals are for the whole process.
@Suite struct ReloadTests {
    @Test func oneThatComesBeforeAnybodyListensIsNotForgotten() async {
        await #expect(processExitsWith: .exitCode(0)) {
            _ = alarm(20)
            EarlyHangUp.expect()
            try await hangUp()
            let rounds = Rounds()
            let service = ReloadService(
                [Reloadable(name: "good") { "round \(rounds.count.add(1, ordering: .relaxed).newValue)" }],
                logger: Logger(label: "test"))
            try await runServices([service, EndAfterRound(rounds: rounds)], logger: Logger(label: "test"))
            exit(rounds.count.load(ordering: .relaxed) == 1 ? 0 : 9)
        }
    }

    @Test func oneThatNobodyWillHeedEndsTheProcess() async {
        await #expect(processExitsWith: .signal(SIGHUP)) {
            _ = alarm(20)
            _ = signal(SIGHUP, SIG_DFL)
            EarlyHangUp.expect()
            try await hangUp()
            EarlyHangUp.giveUp()
            try await Task.sleep(for: .seconds(60))
        }
        await #expect(processExitsWith: .exitCode(0)) {
            // As `nohup` starts it.
            _ = signal(SIGHUP, SIG_IGN)
            EarlyHangUp.expect()
            try await hangUp()
            EarlyHangUp.giveUp()
            kill(getpid(), SIGHUP)
            exit(EarlyHangUp.isPending ? 9 : 0)
        }
    }

    @Test func reloadsOnEachSignalAndOutlivesARefusal() async {
        await #expect(processExitsWith: .exitCode(0)) {
            _ = alarm(20)
            let sink = MemorySink()
            let logger = Logger(label: "test") { JSONLogHandler(label: $0, role: "r", level: .info, sink: sink) }
            let rounds = Rounds()
            // Before it is listened for, the signal would end the process. Later this would undo the listening.
            _ = signal(SIGHUP, SIG_IGN)
            let service = ReloadService(
                [
                    Reloadable(name: "bad") { throw Refusal() },
                    Reloadable(name: "good") { "round \(rounds.count.add(1, ordering: .relaxed).newValue)" },
                ], logger: logger)
            try await runServices([service, Signalling(rounds: rounds)], logger: logger)
            guard rounds.count.load(ordering: .relaxed) == 3 else { exit(9) }
            guard sink.lines.contains(where: { $0.contains("reloaded") && $0.contains("round 3") }) else { exit(8) }
            let refused = sink.lines.filter { $0.contains("not reloaded") && $0.contains("no good") }
            exit(refused.count == 3 ? 0 : 7)
        }
    }
}

/// Sends SIGHUP and waits until it has come: another thread may take it.
private func hangUp() async throws {
    kill(getpid(), SIGHUP)
    while !EarlyHangUp.isPending { try await Task.sleep(for: .milliseconds(1)) }
}

private final class Rounds: Sendable {
    let count = Atomic(0)
}

private struct Refusal: Error, CustomStringConvertible { let description = "no good" }

/// Three times sends SIGHUP until it is heeded, since nobody may listen yet, then asks for the end.
private struct Signalling: Service {
    let rounds: Rounds

    func run() async throws {
        for round in 1...3 {
            while rounds.count.load(ordering: .relaxed) < round {
                kill(getpid(), SIGHUP)
                // Each is heeded before the next: two at once may be one round.
                for _ in 0..<200 where rounds.count.load(ordering: .relaxed) < round {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
        kill(getpid(), SIGTERM)
        try await gracefulShutdown()
    }
}

/// Asks for the end when there has been a round.
private struct EndAfterRound: Service {
    let rounds: Rounds

    func run() async throws {
        while rounds.count.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        kill(getpid(), SIGTERM)
        try await gracefulShutdown()
    }
}
