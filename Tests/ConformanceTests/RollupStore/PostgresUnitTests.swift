import Stores
import Testing

@testable import PostgresStore

@Suite("PostgreSQL, without a server")
struct PostgresUnitTests {
    @Test(
        "no error quotes a password",
        arguments: [
            "postgres://u:p%61ss@127.0.0.1:1/d", "postgres://u:s3cret@w0rd@127.0.0.1:1/d",
            "postgres://u:s3cret/w0rd@127.0.0.1:1/d", "postgres://u:s3cret?w0rd@127.0.0.1:1/d",
            "postgres://u:s3cret#w0rd@127.0.0.1:1/d", "postgres://u:s3cret w0rd@[127.0.0.1:1/d",
            "host=127.0.0.1 port=1 password='s3cret w0rd", "host=127.0.0.1 port=1 password=s3cret w0rd",
            "host=127.0.0.1 port=1 passwort=s3cret", "postgres://u:s3cret%zz@127.0.0.1:1/d", "s3cret",
        ])
    func passwords(_ url: String) async {
        let error = await #expect(throws: DatabaseError.self) {
            let store = try PostgresStore(url: url)
            try await store.checkHealth()
        }
        for part in ["pass@", "p%61ss", "s3cret", "w0rd"] {
            #expect(error?.description.contains(part) == false, "\(error?.description ?? "")")
        }
    }

    @Test("what an address cannot be is told at once", arguments: ["nonsense", "mongodb://h/d", "postgres://h:x/d"])
    func addresses(_ url: String) {
        let error = #expect(throws: DatabaseError.self) { try PostgresStore(url: url) }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test(
        "a state's code decides before its class",
        arguments: [
            ("40001", DatabaseError.Code.contended), ("40P01", .contended), ("40003", .contended),
            ("23505", .contended), ("23514", .refusedValue), ("22021", .refusedValue), ("54000", .refusedValue),
            ("08006", .unreachable), ("57P01", .unreachable), ("57014", .timedOut), ("25006", .unreachable),
            ("28P01", .notAuthorized), ("42501", .notAuthorized), ("42P01", .notProvisioned), ("42601", .other),
            ("53100", .other), ("XX001", .corrupt), ("XX000", .other), ("", .other),
        ])
    func states(_ state: String, _ expected: DatabaseError.Code) { #expect(code(forSQLState: state) == expected) }

    @Test("a pool gives what is idle, queues the others in order, and hands over")
    func pool() {
        var pool = PoolState<String, String>(["a", "b"], maximumWaiters: 2)
        #expect(pool.take(1) == "b" && pool.take(2) == "a")
        #expect(pool.take(3) == "queued" && pool.take(4) == "queued" && pool.take(5) == "full")
        #expect(pool.waiting == 2)
        #expect(pool.cancel(3) == "caller 3" && pool.cancel(3) == nil)
        #expect(pool.give("a") == "caller 4" && pool.give("b") == "kept" && pool.waiting == 0)
        #expect(pool.take(6) == "b")
    }

    @Test("a closed pool keeps nothing")
    func closedPool() {
        var pool = PoolState<String, String>(["a", "b"], maximumWaiters: 2)
        #expect(pool.take(1) == "b" && pool.take(2) == "a" && pool.take(3) == "queued" && pool.give("x") == "caller 3")
        #expect(pool.take(4) == "queued")
        #expect(pool.close().waiters == ["caller 4"])
        #expect(pool.give("a") == "closed" && pool.take(5) == "no pool" && pool.close().idle.isEmpty)
    }
}

extension PoolState<String, String> {
    fileprivate mutating func take(_ id: UInt64) -> String {
        switch acquire(id, "caller \(id)") {
        case .lease(let connection): connection
        case .queued: "queued"
        case .full: "full"
        case .closed: "no pool"
        }
    }

    fileprivate mutating func give(_ connection: String) -> String {
        switch release(connection) {
        case .handOver(let waiter): waiter
        case .keep: "kept"
        case .close: "closed"
        }
    }
}
