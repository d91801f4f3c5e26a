/// How the store talks to its server.
public struct PostgresOptions: Sendable {
    /// The most connections held open: one for the writer, the others for readers. At least 2.
    public var connections = 4
    /// How many callers may wait for a connection before further ones are turned away.
    public var maximumWaiters = 1_000
    /// The time limit for connecting, to each address tried; whole seconds, at least 2. The URL's
    /// `connect_timeout` goes first.
    public var connectTimeout: Duration = .seconds(5)
    /// The time limit for one statement, waiting for locks included.
    public var statementTimeout: Duration = .seconds(30)
    /// How long a transaction may do nothing before the server ends it, so that a process that hangs does not keep
    /// all others from merging.
    public var idleInTransactionTimeout: Duration = .seconds(600)
    /// Shown in `pg_stat_activity`. The URL's `application_name` goes first.
    public var applicationName = "tributary"

    /// The defaults.
    public init() {}
}

extension Duration {
    /// Rounded up, at least 1: PostgreSQL takes 0 for "no limit".
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(seconds) * 1_000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
