/// Whether a role can do its job: behind `/healthz` and `/readyz`.
public actor Health {
    /// The role's name, as in the logs.
    public nonisolated let role: String
    private let checks: [HealthCheck]
    private let timeLimit: Duration
    private let cacheTime: Duration
    private var latest: (results: Task<[CheckResult], Never>, until: ContinuousClock.Instant)?
    private var isDraining = false

    /// Watches over these checks. They run at the same time, each for at most two seconds, and at most once a second
    /// however often somebody asks.
    public init(role: String, checks: [HealthCheck] = []) {
        self.init(role: role, checks: checks, timeLimit: .seconds(2), cacheTime: .seconds(1))
    }

    init(role: String, checks: [HealthCheck], timeLimit: Duration, cacheTime: Duration) {
        self.role = role
        self.checks = checks
        self.timeLimit = timeLimit
        self.cacheTime = cacheTime
    }

    /// From now on the role is not ready, so that no new work is sent to it; it is on its way out.
    public func startDraining() { isDraining = true }

    /// Whether the role can do its job now.
    public func readiness() async -> Readiness {
        guard !isDraining else { return Readiness(status: .draining, checks: []) }
        let results = await results()
        // Draining may have begun meanwhile.
        guard !isDraining else { return Readiness(status: .draining, checks: []) }
        return Readiness(status: results.allSatisfy { $0.failure == nil } ? .ready : .unready, checks: results)
    }

    /// Results no older than `cacheTime`; all who ask while checks run share theirs.
    private func results() async -> [CheckResult] {
        if let latest, latest.until > .now { return await latest.results.value }
        let (checks, limit) = (checks, timeLimit)
        let results = Task {
            await withTaskGroup { group in
                for (index, check) in checks.enumerated() {
                    group.addTask { (index, await check.run(limit: limit)) }
                }
                return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        // Valid while the checks run, and then for the cache's time.
        latest = (results, .now + limit + cacheTime)
        let value = await results.value
        if latest?.results == results { latest = (results, .now + cacheTime) }
        return value
    }
}

/// An answer of `/readyz`.
public struct Readiness: Sendable, Equatable {
    /// The role's state as a whole.
    public enum Status: String, Sendable {
        /// All checks passed.
        case ready
        /// A check failed.
        case unready
        /// The role is on its way out.
        case draining
    }

    /// The role's state as a whole.
    public let status: Status
    let checks: [CheckResult]

    /// The names of the checks that failed, with the reason.
    public var failures: [(name: String, reason: String)] {
        checks.compactMap { check in check.failure.map { (check.name, $0) } }
    }

    /// `{"status":…,"checks":[{"name":…,"status":"ok"|"failing","reason":…,"note":…}]}`.
    public var json: [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "{")]
        json.append(member: "status", status.rawValue)
        json.append(memberName: "checks")
        json.append(UInt8(ascii: "["))
        for (index, check) in checks.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json.append(UInt8(ascii: "{"))
            json.append(member: "name", check.name)
            json.append(member: "status", check.failure == nil ? "ok" : "failing")
            if let failure = check.failure { json.append(member: "reason", failure) }
            if let note = check.note { json.append(member: "note", note) }
            json.append(UInt8(ascii: "}"))
        }
        json.append(raw: "]}")
        return json
    }
}
