import Foundation
import Testing

@testable import Operations

/// What the collector's port takes, and from whom.
extension SettingsTests {
    @Test func theEdgeIsReadAndChecked() throws {
        let edge = try load(
            .collector,
            [
                "CORS_ALLOWED_ORIGINS": "https://a.example, http://b.example:8080", "COLLECTOR_MAX_CONNECTIONS": "7",
                "COLLECTOR_HEAD_TIMEOUT": "3s", "COLLECTOR_TLS_CERTIFICATE": "/c", "COLLECTOR_TLS_KEY": "/k",
                "COLLECTOR_MAX_REQUESTS": "9",
            ]
        ).collector.edge
        #expect(edge.allowedOrigins == ["https://a.example", "http://b.example:8080"])
        #expect(edge.connections.connections == 7 && edge.connections.headTimeout == .seconds(3) && edge.requests == 9)
        #expect(edge.tls?.certificate == "/c" && edge.tls?.key == "/k")
        let plain = try load(.collector).collector.edge
        #expect(plain.allowedOrigins == ["*"] && plain.tls == nil && plain.bodySize == 1 << 20 && plain.events == 1000)
        let wrong = try issues(
            .collector,
            [
                "CORS_ALLOWED_ORIGINS": "a.example", "COLLECTOR_TLS_CERTIFICATE": "/c", "COLLECTOR_MAX_HEADERS": "0",
                "COLLECTOR_BODY_TIMEOUT": "never",
            ])
        #expect(
            Set(wrong.map(\.key)) == [
                "CORS_ALLOWED_ORIGINS", "COLLECTOR_TLS_KEY", "COLLECTOR_MAX_HEADERS", "COLLECTOR_BODY_TIMEOUT",
            ])
    }

    @Test func limitsAreReadAndWrongOnesAllReported() throws {
        let none = try load(.collector).collector.admission
        #expect(none.global == nil && none.key == nil && none.address == nil && none.user == nil)
        #expect(none.deniedNetworks.isEmpty && none.trustedProxies.isEmpty && none.proxyHeader == .xForwardedFor)
        let some = try load(
            .collector,
            [
                "LIMIT_GLOBAL_RATE": "1000000/s", "LIMIT_KEY_RATE": "600/m", "LIMIT_KEY_BURST": "7",
                "LIMIT_ADDRESS_RATE": "1/h", "LIMIT_USER_RATE": "off", "LIMIT_TABLE_SIZE": "2000",
                "DENIED_NETWORKS": "10.0.0.0/8, 2001:db8::/32,192.0.2.7", "TRUSTED_PROXIES": "127.0.0.1",
                "PROXY_HEADER": "Forwarded",
            ]
        ).collector.admission
        #expect(some.global?.interval == 1_000 && some.global?.burst == 10_000_000)
        #expect(some.key?.interval == 100_000_000 && some.key?.burst == 7 && some.user == nil)
        #expect(some.address?.interval == 3_600_000_000_000 && some.address?.burst == 1)
        #expect(some.deniedNetworks.count == 3 && some.trustedProxies.count == 1 && some.tableSize == 2_000)
        #expect(some.proxyHeader == .forwarded)
        let wrong = [
            "LIMIT_GLOBAL_RATE": "0/s", "LIMIT_KEY_RATE": "5", "LIMIT_ADDRESS_RATE": "1000001/s",
            "LIMIT_USER_BURST": "5", "LIMIT_KEY_BURST": "0", "LIMIT_TABLE_SIZE": "1",
            "DENIED_NETWORKS": "10.0.0.1/8,10.0.0.0/8,x", "TRUSTED_PROXIES": "", "PROXY_HEADER": "via",
        ]
        let found = try issues(.collector, wrong)
        #expect(Set(found.map(\.key)) == Set(wrong.keys) && found.count == wrong.count, "\(found)")
        #expect(found.contains { $0.allowed.hasSuffix("wrong: 10.0.0.1/8, x") })
        #expect(
            try issues(.collector, ["LIMIT_USER_RATE": "1/h", "LIMIT_USER_BURST": "25"]).map(\.key)
                == ["LIMIT_USER_BURST"], "it would take more than a day to fill")
    }

    @Test func aSpillIsTheCollectorsAndBounded() throws {
        #expect(try load(.collector).spill.directory == nil)
        let given = ["SPILL_DIR": "/var/lib/tributary/spill", "SPILL_MAX_BYTES": "1048576"]
        for role in [Role.collector, .serve] {
            let spill = try load(role, given).spill
            #expect(spill.directory == given["SPILL_DIR"] && spill.maximumBytes == 1_048_576)
        }
        #expect(try load(.worker, given).spill.directory == nil)
        #expect(
            Set(try issues(.collector, ["SPILL_DIR": "", "SPILL_MAX_BYTES": "4GiB"]).map(\.key))
                == ["SPILL_DIR", "SPILL_MAX_BYTES"])
        let embedded = try load(.serve, given.merging(["DATA_DIR": "/data"]) { $1 })
        #expect(embedded.warnings.contains { $0.contains("SPILL_DIR") })
    }
}
