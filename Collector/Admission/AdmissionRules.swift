public import Operations

/// Whom the collector lets in and how much of each, ready for use. Shared by all requests.
public struct AdmissionRules: Sendable {
    let denied: NetworkSet
    let clientAddress: ClientAddress
    let keyRule: BucketRule?
    let globalRule: BucketRule?
    let global = SharedBucket()
    let addresses: BucketTable?
    let users: BucketTable?
    /// A clock that is never set, in nanoseconds.
    let clock: @Sendable () -> Int64

    /// No limits, and nobody denied or trusted.
    public init() {
        self.init(
            denied: NetworkSet([]), clientAddress: ClientAddress(trusted: NetworkSet([]), header: .xForwardedFor))
    }

    /// By the settings. Tables are given their memory here: 16 bytes a name.
    public init(_ settings: Settings.Admission) {
        func table(_ name: String, _ rate: RateSetting?) -> BucketTable? {
            rate.map {
                BucketTable(
                    name, capacity: settings.tableSize, rule: BucketRule($0), metrics: CollectorMetrics.limitTable)
            }
        }
        self.init(
            denied: NetworkSet(settings.deniedNetworks),
            clientAddress: ClientAddress(
                trusted: NetworkSet(settings.trustedProxies), header: settings.proxyHeader),
            key: settings.key.map(BucketRule.init), global: settings.global.map(BucketRule.init),
            addresses: table("address", settings.address), users: table("user", settings.user))
    }

    init(
        denied: NetworkSet, clientAddress: ClientAddress, key: BucketRule? = nil, global: BucketRule? = nil,
        addresses: BucketTable? = nil, users: BucketTable? = nil,
        clock: @escaping @Sendable () -> Int64 = steadyNanoseconds
    ) {
        (self.denied, self.clientAddress, self.clock) = (denied, clientAddress, clock)
        (keyRule, globalRule, self.addresses, self.users) = (key, global, addresses, users)
    }
}
