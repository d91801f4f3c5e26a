import Foundation
import Logging
import Testing

@testable import Operations

@Suite struct SettingsTests {
    /// What every store needs, so that a test can look at one thing.
    static let stores = [
        "KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9093", "MONGODB_URI": "mongodb://u:hunter2hunter2@m:27017/tributary",
        "POSTGRES_URL": "postgres://u:hunter2hunter2@p:5432/tributary",
    ]

    func load(
        _ role: Role = .serve, _ environment: [String: String] = [:], file: String? = nil,
        kafka: (String, String) -> KafkaPropertyVerdict = { _, _ in .accepted }
    ) throws -> Settings {
        let environment = Self.stores.merging(environment) { $1 }.filter { $0.value != "-unset-" }
        guard let file else { return try Settings.load(for: role, environment: environment, kafkaProperty: kafka) }
        let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(file.utf8).write(to: path)
        return try Settings.load(for: role, environment: environment, file: path.path, kafkaProperty: kafka)
    }

    func issues(
        _ role: Role = .serve, _ environment: [String: String], file: String? = nil,
        kafka: (String, String) -> KafkaPropertyVerdict = { _, _ in .accepted }
    ) throws -> [ConfigurationIssue] {
        do {
            _ = try load(role, environment, file: file, kafka: kafka)
            return []
        } catch let error as ConfigurationError {
            return error.issues
        }
    }

    @Test func defaults() throws {
        let settings = try load()
        #expect(settings.collector.host == "127.0.0.1" && settings.collector.port == 8080 && settings.collector.isOpen)
        #expect(settings.dashboard.host == "127.0.0.1" && settings.dashboard.port == 8090)
        #expect(settings.dashboard.cacheSize == 16 << 20)
        #expect(settings.worker.adminHost == "127.0.0.1" && settings.worker.adminPort == 8091)
        #expect(settings.worker.batchSize == 2_000 && settings.worker.group == "tributary-worker")
        #expect(settings.aggregator.adminPort == 8092 && settings.aggregator.interval == .seconds(60))
        #expect(settings.reportingTimeZone == "UTC" && settings.logLevel == .info)
        #expect(settings.kafka.produceTimeout == .seconds(10) && settings.kafka.properties.isEmpty)
        #expect(settings.mongodb.rawRetentionDays == 90 && settings.warnings.isEmpty)
        #expect(settings.schemasDirectory == nil && settings.rejectedEvents.isRecorded)
        #expect(settings.rejectedEvents.rate == 100 && settings.rejectedEvents.queueSize == 4_194_304)
    }

    @Test func enrichmentIsToldWhatToHide() throws {
        let plain = try load().worker
        #expect(plain.countryDatabase == nil && plain.redactedKeys.isEmpty && plain.enrichmentCacheSize == 4_096)
        let told = try load(
            .worker,
            [
                "GEOIP_DATABASE": "/data/country.mmdb", "WORKER_REDACT": "email, phone,a b",
                "WORKER_REDACT_SECRET": "0123456789abcdef", "WORKER_ENRICHMENT_CACHE_SIZE": "2",
            ]
        ).worker
        #expect(told.countryDatabase == "/data/country.mmdb" && told.redactedKeys == ["email", "phone", "a b"])
        #expect(told.redactionSecret == "0123456789abcdef" && told.enrichmentCacheSize == 2)
    }

    @Test(arguments: [
        ["WORKER_REDACT": "email"], ["WORKER_REDACT": "email", "WORKER_REDACT_SECRET": "short"],
        ["WORKER_REDACT": "a,,b", "WORKER_REDACT_SECRET": "0123456789abcdef"],
        ["WORKER_REDACT": "a,a", "WORKER_REDACT_SECRET": "0123456789abcdef"],
    ])
    func redactionWithoutASecretIsRefused(environment: [String: String]) throws {
        let issues = try issues(.worker, environment)
        #expect(issues.count == 1 && issues[0].key.hasPrefix("WORKER_REDACT"))
        #expect(!issues.contains { $0.description.contains("short") }, "a secret is not shown")
    }

    @Test func everySettingIsReadFromTheEnvironment() throws {
        let settings = try load(
            .serve,
            [
                "COLLECTOR_HOST": "0.0.0.0", "COLLECTOR_PORT": "0", "DASHBOARD_HOST": "::1", "DASHBOARD_PORT": "1",
                "WORKER_ADMIN_PORT": "2", "AGGREGATOR_ADMIN_PORT": "3", "ADMIN_HOST": "10.0.0.1",
                "WRITE_KEYS": "shop:abcdefgh, shop:ABCDEFGH,app-2:k:with:colons", "AGGREGATOR_INTERVAL": "500ms",
                "REPORTING_TIMEZONE": "Europe/Berlin", "LOG_LEVEL": "debug", "WORKER_BATCH_SIZE": "10000",
                "WORKER_GROUP": "g", "PRODUCE_TIMEOUT": "5m", "RAW_RETENTION_DAYS": "1", "ALLOW_ANONYMOUS": "false",
                "SCHEMAS_DIR": "/schemas", "COLLECTOR_DEAD_LETTER_REJECTED": "false", "COLLECTOR_DEAD_LETTER_RATE": "1",
                "COLLECTOR_DEAD_LETTER_BURST": "2", "COLLECTOR_DEAD_LETTER_QUEUE_BYTES": "131072",
            ])
        #expect(settings.collector.host == "0.0.0.0" && settings.collector.port == 0)
        #expect(settings.dashboard.host == "::1" && settings.dashboard.port == 1)
        #expect(settings.worker.adminPort == 2 && settings.aggregator.adminPort == 3)
        #expect(settings.worker.adminHost == "10.0.0.1" && settings.aggregator.adminHost == "10.0.0.1")
        #expect(settings.collector.writeKeys.map(\.source) == ["shop", "shop", "app-2"])
        #expect(settings.collector.writeKeys.map(\.key) == ["abcdefgh", "ABCDEFGH", "k:with:colons"])
        #expect(settings.aggregator.interval == .milliseconds(500) && settings.reportingTimeZone == "Europe/Berlin")
        #expect(settings.logLevel == .debug && settings.worker.batchSize == 10_000 && settings.worker.group == "g")
        #expect(settings.kafka.produceTimeout == .seconds(300) && settings.mongodb.rawRetentionDays == 1)
        #expect(settings.kafka.bootstrapServers == "a:9092,b:9093")
        #expect(settings.schemasDirectory == "/schemas" && !settings.rejectedEvents.isRecorded)
        #expect(settings.rejectedEvents.rate == 1 && settings.rejectedEvents.burst == 2)
        #expect(settings.rejectedEvents.queueSize == 131_072)
        #expect(
            settings.mongodb.uri == Self.stores["MONGODB_URI"] && settings.postgres.url == Self.stores["POSTGRES_URL"])
    }

    @Test func theEnvironmentComesBeforeTheFile() throws {
        let file = """
            {"collector": {"port": 9000, "host": "localhost"}, "dashboard.port": 9001, "worker": {"batchSize": 7},
             "writeKeys": ["a:abcdefgh", "b:ijklmnop"], "allowAnonymous": true, "log": {"level": null},
             "kafka": {"bootstrapServers": "f:1", "max": {"poll.interval.ms": 5}, "linger.ms": 6}}
            """
        let settings = try load(
            .serve, ["COLLECTOR_PORT": "9999", "KAFKA_LINGER_MS": "1", "KAFKA_BOOTSTRAP_SERVERS": "-unset-"], file: file
        )
        #expect(settings.collector.port == 9_999 && settings.collector.host == "localhost")
        #expect(settings.dashboard.port == 9_001 && settings.worker.batchSize == 7 && settings.logLevel == .info)
        #expect(settings.collector.writeKeys.map(\.source) == ["a", "b"])
        #expect(settings.kafka.bootstrapServers == "f:1")
        #expect(settings.kafka.properties == ["max.poll.interval.ms": "5", "linger.ms": "1"])
    }

    @Test func everythingWrongIsReportedAtOnce() throws {
        let wrong = [
            "COLLECTOR_PORT": "http", "DASHBOARD_PORT": "65536", "WORKER_ADMIN_PORT": "-1", "AGGREGATOR_ADMIN_PORT": "",
            "AGGREGATOR_INTERVAL": "60", "REPORTING_TIMEZONE": "Mars/Phobos", "LOG_LEVEL": "loud",
            "WORKER_BATCH_SIZE": "0", "PRODUCE_TIMEOUT": "1ms", "RAW_RETENTION_DAYS": "1.5", "ALLOW_ANONYMOUS": "maybe",
            "MONGODB_URI": "mysql://u:hunter2hunter2@m/t", "POSTGRES_URL": "hunter2hunter2", "ADMIN_HOST": "a b",
            "KAFKA_BOOTSTRAP_SERVERS": "a:99999", "SCHEMAS_DIR": "", "COLLECTOR_DEAD_LETTER_REJECTED": "no",
            "COLLECTOR_DEAD_LETTER_RATE": "0", "COLLECTOR_DEAD_LETTER_BURST": "-1",
            "COLLECTOR_DEAD_LETTER_QUEUE_BYTES": "1", "WRITE_KEYS": "ok:abcdefgh,Bad:abcdefgh,short:",
            "WORKER_GROUP": "ä",
        ]
        let found = try issues(.serve, wrong)
        #expect(Set(found.map(\.key)) == Set(wrong.keys) && found.count == wrong.count)
        let text = ConfigurationError(issues: found).description
        #expect(text.split(separator: "\n").count == wrong.count + 1)
        #expect(!text.contains("hunter2") && !text.contains("abcdefgh"))
        #expect(text.contains(#"COLLECTOR_PORT: "http" (environment); allowed: a whole number from 0 to 65535"#))
        #expect(text.contains(#"MONGODB_URI: "mysql://***@m/t""#) && text.contains("wrong: entry 2, 3"))
    }

    @Test(arguments: [
        (Role.collector, ["KAFKA_BOOTSTRAP_SERVERS"]), (.worker, ["KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"]),
        (.aggregator, ["KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "POSTGRES_URL"]), (.dashboardAPI, ["POSTGRES_URL"]),
    ]) func aRoleSaysWhatItNeeds(role: Role, needed: [String]) throws {
        let found = try issues(role, Self.stores.mapValues { _ in "-unset-" })
        #expect(found.map(\.key) == needed && found.allSatisfy { $0.value == nil })
        #expect(found[0].allowed.contains(role.rawValue))
        _ = try load(role, Self.stores.filter { !needed.contains($0.key) }.mapValues { _ in "-unset-" })
    }

    @Test func anOpenRoleIsOnLoopbackOnly() throws {
        #expect(try issues(.collector, ["COLLECTOR_HOST": "0.0.0.0"]).map(\.key) == ["COLLECTOR_HOST"])
        #expect(try issues(.dashboardAPI, ["DASHBOARD_HOST": "0.0.0.0"]).map(\.key) == ["DASHBOARD_HOST"])
        #expect(
            try issues(.serve, ["COLLECTOR_HOST": "127.evil.example", "DASHBOARD_HOST": "::"]).map(\.key)
                == ["COLLECTOR_HOST", "DASHBOARD_HOST"])
        // Nothing that a role does not open.
        #expect(try issues(.worker, ["COLLECTOR_HOST": "0.0.0.0", "DASHBOARD_HOST": "0.0.0.0"]).isEmpty)
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            #expect(try load(.collector, ["COLLECTOR_HOST": host]).collector.host == host)
        }
        let anonymous = ["COLLECTOR_HOST": "0.0.0.0", "DASHBOARD_HOST": "0.0.0.0", "ALLOW_ANONYMOUS": "true"]
        #expect(try load(.serve, anonymous).dashboard.host == "0.0.0.0")
        let keys = ["COLLECTOR_HOST": "0.0.0.0", "WRITE_KEYS": "a:abcdefgh"]
        #expect(try load(.collector, keys).collector.host == "0.0.0.0")
        // Write keys protect the collector, not the dashboard.
        #expect(try issues(.serve, keys.merging(["DASHBOARD_HOST": "0.0.0.0"]) { $1 }).map(\.key) == ["DASHBOARD_HOST"])
        let file = try load(.collector, ["COLLECTOR_HOST": "0.0.0.0", "KEYS_FILE": "/keys"]).collector
        #expect(file.host == "0.0.0.0" && file.keysFile == "/keys" && !file.isOpen)
        #expect(try load(.collector, ["KEYS_FILE": "/keys"]).collector.host == "0.0.0.0")
        // An empty list is a mistake and does not open anything.
        #expect(try issues(.collector, ["WRITE_KEYS": ""]).map(\.key) == ["WRITE_KEYS"])
        #expect(try issues(.collector, ["KEYS_FILE": "", "COLLECTOR_HOST": "0.0.0.0"]).map(\.key) == ["KEYS_FILE"])
    }

    @Test func kafkaPropertiesAreJudged() throws {
        let environment = [
            "KAFKA_MAX_POLL_INTERVAL_MS": "5000", "KAFKA_PORT": "tcp://10.0.0.1:9092", "KAFKA_LINGER_MS": "soon",
            "KAFKA_ACKS": "0", "KAFKA_SASL_PASSWORD": "hunter2hunter2", "KAFKA_SASL_USERNAME": "u",
        ]
        func judge(_ name: String, _ value: String) -> KafkaPropertyVerdict {
            switch name {
            case "max.poll.interval.ms", "sasl.username": .accepted
            case "linger.ms": .invalid("a number of milliseconds, not \"\(value)\"")
            case "sasl.password": .invalid("Invalid value \"\(value)\"")
            case "acks": .guarantee("no event may be lost")
            default: .unknown
            }
        }
        let found = try issues(.worker, environment, kafka: judge)
        #expect(found.map(\.key) == ["KAFKA_ACKS", "KAFKA_LINGER_MS", "KAFKA_SASL_PASSWORD"])
        #expect(found[0].allowed == "not to be set: no event may be lost" && found[1].value == "soon")
        #expect(!found[2].description.contains("hunter2"))

        let good = environment.filter { ["KAFKA_MAX_POLL_INTERVAL_MS", "KAFKA_PORT"].contains($0.key) }
        let settings = try load(.worker, good, kafka: judge)
        #expect(settings.kafka.properties == ["max.poll.interval.ms": "5000"])
        #expect(settings.warnings.count == 1 && settings.warnings[0].contains("KAFKA_PORT"))
    }

    @Test func aFileIsCheckedAsStrictly() throws {
        let found = try issues(
            .serve, [:],
            file: #"{"collector": {"port": true, "prot": 1}, "allowAnonymous": 1, "worker": {"batchSize": "5"}}"#)
        #expect(Set(found.map(\.key)) == ["COLLECTOR_PORT", "ALLOW_ANONYMOUS", "collector.prot"])
        #expect(found.allSatisfy { $0.source?.hasSuffix(".json") == true })
        for broken in ["", "[]", "{\"a\":", "{\"a\":[{}]}", "7"] {
            #expect(try issues(.serve, [:], file: broken).map(\.key) == ["--config"])
        }
        #expect(throws: ConfigurationError.self) {
            try Settings.load(for: .serve, environment: Self.stores, file: "/nonexistent") { _, _ in .accepted }
        }
    }

    @Test func whatIsShownStaysOnItsLine() throws {
        let found = try issues(.worker, ["COLLECTOR_PORT": "1\n2\u{1b}[31m" + String(repeating: "x", count: 1_000)])
        #expect(found[0].description.count < 400)
        #expect(found[0].description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test(arguments: [
        ("UTC", true), ("Europe/Berlin", true), ("America/Argentina/Buenos_Aires", true), ("Asia/Kolkata", true),
        ("Etc/UTC", true), ("Mars/Phobos", false), ("GMT+0200", false), ("UTC+2", false), ("+02:00", false),
        ("europe", false), ("../UTC", false), ("CEST", false), (" UTC", false),
    ]) func timeZones(name: String, known: Bool) {
        #expect(isTimeZoneName(name) == known)
    }

    @Test func aWriteKeyIsNotPrinted() throws {
        let settings = try load(.collector, ["WRITE_KEYS": "shop:hunter2hunter2"])
        var dumped = ""
        dump(settings.collector, to: &dumped)
        #expect(!dumped.contains("hunter2") && !"\(settings.collector)".contains("hunter2"))
        #expect(!String(reflecting: settings.collector.writeKeys).contains("hunter2"))
    }
}
