import Synchronization

/// One thing that a role cannot work without.
public final class HealthCheck: Sendable {
    /// The name shown to those who probe: `kafka`, `mongodb`.
    public let name: String
    private let check: @Sendable () async throws -> String?
    private let isRunning = Atomic(false)

    /// Names a check, which throws unless all is well.
    public convenience init(name: String, check: @escaping @Sendable () async throws -> Void) {
        self.init(name) {
            try await check()
            return nil
        }
    }

    private init(_ name: String, _ check: @escaping @Sendable () async throws -> String?) {
        self.name = name
        self.check = check
    }

    /// Names a check, which throws unless the role can work, and may note what is not as it should be.
    public static func noting(
        name: String, check: @escaping @Sendable () async throws -> String?
    ) -> HealthCheck {
        HealthCheck(name, check)
    }

    /// Runs the check; gives up after `limit`, even if the check does not heed cancellation.
    ///
    /// A C call that hangs cannot be stopped. It is left alone, and as long as it hangs no second one is begun.
    func run(limit: Duration) async -> CheckResult {
        guard !isRunning.exchange(true, ordering: .acquiringAndReleasing) else {
            return CheckResult(name: name, failure: "an earlier check has not come back yet")
        }
        return await withCheckedContinuation { continuation in
            let answer = OneAnswer(continuation)
            // Not children: a task group would wait for the one that hangs.
            let work = Task {
                let result = await self.result()
                self.isRunning.store(false, ordering: .releasing)
                answer.give(result)
            }
            Task {
                try? await Task.sleep(for: limit)
                work.cancel()
                answer.give(CheckResult(name: self.name, failure: "no answer within \(limit)"))
            }
        }
    }

    private func result() async -> CheckResult {
        do {
            return CheckResult(name: name, failure: nil, note: try await check())
        } catch {
            return CheckResult(name: name, failure: String(withoutCredentials("\(error)").prefix(500)))
        }
    }
}

/// What came of a check.
struct CheckResult: Sendable, Equatable {
    let name: String
    /// Why it failed, without credentials; `nil` where it did not.
    let failure: String?
    /// What is not as it should be although it passed; `nil` where nothing is.
    var note: String?
}

/// A continuation that takes the first answer and ignores the others.
private final class OneAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<CheckResult, Never>?>

    init(_ continuation: CheckedContinuation<CheckResult, Never>) { self.continuation = Mutex(continuation) }

    func give(_ result: CheckResult) {
        continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: result)
    }
}
