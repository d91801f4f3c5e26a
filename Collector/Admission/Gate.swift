import Events
import HTTPTypes
import NIOCore
import Operations
import Synchronization

/// What a request may do, by its key and its address.
struct Permit: Sendable {
    let key: WriteKeyEntry
    /// The client's own address, behind any trusted proxy; `nil` where it is not known.
    let client: IPAddress?

    var source: String { key.source }
    /// As events carry it.
    var clientAddress: String? { client?.anonymised }
}

/// What became of a request's events, for the answer and for undoing it.
struct GateOutcome: Sendable {
    /// How much was taken of the key's daily quota.
    fileprivate(set) var quotaTaken = 0
    /// Fields of the answer.
    fileprivate(set) var fields = RateLimitFields()
}

/// Asked twice for each request: at its head, before its body is read, and when its events are known.
struct Gate: Sendable {
    let keys: WriteKeys
    let rules: AdmissionRules
    private let counters = GateCounters()

    init(keys: WriteKeys, rules: AdmissionRules) { (self.keys, self.rules) = (keys, rules) }

    /// Whether a request is let in at all.
    /// - Parameters:
    ///   - key: the write key as it came.
    ///   - now: milliseconds since 1970.
    func enter(_ fields: HTTPFields, key: String?, peer: SocketAddress?, at now: Int64) throws(Problem) -> Permit {
        let client = rules.clientAddress.resolve(peer.flatMap { IPAddress($0) }, fields)
        if let client, rules.denied.contains(client) { throw refuse(.deniedNetwork) }
        // Before the key is looked at: guesses are limited too.
        if let client, let table = rules.addresses { try limit(client, table) }
        let permit: Permit
        do { permit = Permit(key: try keys.entry(forKey: key, at: now), client: client) } catch { throw refuse(error) }
        if let rule = rules.keyRule {
            // Only a look, to spare reading the body; events are taken when they are known.
            let (bucket, time) = (permit.key.use.bucket.bucket, rules.clock())
            if bucket.tokens(at: time, by: rule) == 0 { throw refuse(.keyLimit, .key, rule, bucket, time) }
        }
        return permit
    }

    private func limit(_ client: IPAddress, _ table: BucketTable) throws(Problem) {
        let time = rules.clock()
        let outcome = table.take(client.clientNetwork.hashValue, upTo: 1, at: time)
        guard outcome.taken == 0 else { return }
        throw refuse(.addressLimit, .address, table.rule, outcome.bucket, time, unit: "requests")
    }

    private func refuse(_ denial: Denial) -> Problem {
        counters.count(denial)
        return Problem(.notLetIn(denial))
    }

    private func refuse(
        _ denial: Denial, _ limit: RateLimitFields.Limit, _ rule: BucketRule, _ bucket: TokenBucket, _ time: Int64,
        unit: String = "events"
    ) -> Problem {
        counters.count(denial)
        var fields = RateLimitFields()
        fields.add(limit, rule, bucket, at: time, unit: unit)
        return Problem(.notLetIn(denial, fields.ofRefusal))
    }
}

/// The second time: single events.
extension Gate {
    /// Marks the events that this key, user or day may not send; the others may be published.
    /// - Parameter now: milliseconds since 1970, the time of receipt.
    /// - Throws: where no event at all is let in by the limits of the key or of all clients.
    func admit(
        _ request: inout EventRequest, _ permit: Permit, at now: Int64
    ) throws(Problem) -> GateOutcome {
        var outcome = GateOutcome()
        try charge(request.items.count, permit, &outcome)
        if let age = permit.key.maximumEventAge { request.refuseOlder(than: age, at: now) }
        if let users = rules.users { limitUsers(of: permit.source, users, &request, &outcome) }
        if let quota = permit.key.dailyQuota { limitDay(to: quota, permit, &request, at: now, &outcome) }
        return outcome
    }

    /// Gives back what was taken for events that could not be made durable: the client will send them again.
    func undo(_ outcome: GateOutcome, _ permit: Permit, at now: Int64) {
        guard outcome.quotaTaken > 0 else { return }
        permit.key.use.quota.withLock { $0.giveBack(outcome.quotaTaken, takenAt: now) }
    }

    /// Takes from the buckets of the key and of all clients, by the events that the request holds, good or bad.
    private func charge(_ count: Int, _ permit: Permit, _ outcome: inout GateOutcome) throws(Problem) {
        guard rules.keyRule != nil || rules.globalRule != nil else { return }
        let (time, bucket) = (rules.clock(), permit.key.use.bucket)
        if let rule = rules.keyRule {
            guard bucket.takeAll(count, at: time, by: rule) else {
                throw refuse(.keyLimit, .key, rule, bucket.bucket, time)
            }
            outcome.fields.add(.key, rule, bucket.bucket, at: time)
        }
        if let rule = rules.globalRule, !rules.global.takeAll(count, at: time, by: rule) {
            if let rule = rules.keyRule { bucket.giveBack(count, by: rule) }
            throw refuse(.globalLimit, .global, rule, rules.global.bucket, time)
        }
    }

    private func limitUsers(
        of source: String, _ users: BucketTable, _ request: inout EventRequest, _ outcome: inout GateOutcome
    ) {
        let time = rules.clock()
        var isTold = false
        request.refuseEach { event in
            var hasher = Hasher()
            hasher.combine(source)
            hasher.combine(event.userID)
            let taking = users.take(hasher.finalize(), upTo: 1, at: time)
            guard taking.taken == 0 else { return nil }
            if !isTold { outcome.fields.add(.user, users.rule, taking.bucket, at: time) }
            isTold = true
            return EventViolation(.rateLimited, field: "userId", "sends too many events; send this one again later")
        }
    }

    private func limitDay(
        to quota: Int, _ permit: Permit, _ request: inout EventRequest, at now: Int64, _ outcome: inout GateOutcome
    ) {
        let good = request.items.count { $0.violation == nil }
        let (taken, left) = permit.key.use.quota.withLock { day in
            (day.take(upTo: good, of: quota, at: now), day.left(of: quota, at: now))
        }
        outcome.quotaTaken = taken
        outcome.fields.add(quota, left: left, at: now)
        guard taken < good else { return }
        var rest = taken
        request.refuseEach { _ in
            rest -= 1
            return rest >= 0
                ? nil
                : EventViolation(.quotaExceeded, field: "", "the write key's events of the day (UTC) are used up")
        }
    }
}

extension EventRequest {
    /// Refuses good events for which `judge` has a reason.
    fileprivate mutating func refuseEach(_ judge: (ScannedEvent) -> EventViolation?) {
        for index in items.indices where items[index].violation == nil {
            if let event = items[index].event { items[index].violation = judge(event) }
        }
    }

    /// - Parameter age: milliseconds.
    fileprivate mutating func refuseOlder(than age: Int64, at now: Int64) {
        let skew = sentAt.map { now - $0 } ?? 0
        refuseEach { event in
            guard let timestamp = event.timestamp, timestamp + skew < now - age else { return nil }
            return EventViolation(
                .tooOld, field: "timestamp",
                "must not be more than \(durationText(.milliseconds(age))) in the past with this write key")
        }
    }
}
