public import Foundation
import Logging

extension Settings {
    /// Reads the settings of a role: from the environment, else from the file, else defaults.
    /// - Parameters:
    ///   - file: the path of a JSON file, by `--config`.
    ///   - kafkaProperty: what librdkafka says of a property and its value.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    public static func load(
        for role: Role, environment: [String: String] = ProcessInfo.processInfo.environment, file path: String? = nil,
        kafkaProperty: (_ name: String, _ value: String) -> KafkaPropertyVerdict
    ) throws(ConfigurationError) -> Settings {
        var file: (name: String, content: ConfigurationFile)?
        do {
            file = try path.map { ($0, try ConfigurationFile(path: $0)) }
        } catch {
            throw ConfigurationError(issues: [.unusableFile(path ?? "", error)])
        }
        var reader = SettingsReader(environment: environment, file: file)
        let settings = Settings(role: role, reader: &reader, environment: environment, file: file, kafkaProperty)
        if settings.dataDirectory == nil { reader.requireStores(of: role) }
        reader.refuseUnknownKeys(in: file)
        guard reader.issues.isEmpty else { throw ConfigurationError(issues: reader.issues) }
        return settings
    }

    /// The names, in the environment, of all settings that a role reads.
    static func names(for role: Role, environment: [String: String]) -> Set<String> {
        var reader = SettingsReader(environment: environment, file: nil)
        _ = Settings(role: role, reader: &reader, environment: environment, file: nil) { _, _ in .accepted }
        return Set(reader.known.map(reader.name))
    }

    private init(
        role: Role, reader: inout SettingsReader, environment: [String: String],
        file: (name: String, content: ConfigurationFile)?, _ kafkaProperty: (String, String) -> KafkaPropertyVerdict
    ) {
        self.role = role
        dataDirectory =
            role.mayBeEmbedded
            ? reader.value("data.dir", default: nil, allowed: "the path of a directory") { .some(.some($0)) } : nil
        let properties = reader.kafkaProperties(environment: environment, file: file, judge: kafkaProperty)
        kafka = Kafka(reader: &reader, properties: properties.properties)
        mongodb = MongoDB(
            uri: reader.address(.mongodb, schemes: ["mongodb", "mongodb+srv"]),
            rawRetentionDays: reader.number("raw.retentionDays", default: 90, in: 1...36_500))
        postgres = PostgreSQL(url: reader.address(.postgres, schemes: ["postgres", "postgresql"]))

        let writeKeys = reader.writeKeys()
        let allowAnonymous = reader.flag("allowAnonymous")
        let keysFile = reader.value("keys.file", default: String?.none, allowed: "the path of a file") {
            .some(.some($0))
        }
        // A file that is given but wrong, an empty path, does not open anything.
        let isOpen = writeKeys?.isEmpty == true && reader.text("keys.file") == nil
        collector = Collector(
            host: reader.host(
                "collector.host", default: keysFile != nil || writeKeys?.isEmpty == false ? "0.0.0.0" : "127.0.0.1"),
            port: reader.port("collector.port", default: 8080), writeKeys: writeKeys ?? [], keysFile: keysFile,
            admission: Admission(reader: &reader), edge: Edge(reader: &reader))
        spill = Spill(reader: &reader, role: role)
        dashboard = Dashboard(reader: &reader, role: role)
        if !allowAnonymous {
            // Write keys that cannot be read are reported as such; the address is not at fault then.
            if role.listensForEvents && isOpen {
                reader.requireLoopback(
                    "collector.host", collector.host,
                    unless: "WRITE_KEYS or KEYS_FILE is set or ALLOW_ANONYMOUS=true")
            }
            // As above: keys that are given but wrong do not open anything.
            if role.listensForQuestions && !reader.namesTokenKeys {
                reader.requireLoopback(
                    "dashboard.host", dashboard.host,
                    unless: "JWKS_URL or JWKS_FILE is set or ALLOW_ANONYMOUS=true")
            }
        }

        schemasDirectory = reader.value("schemas.dir", default: nil, allowed: "the path of a directory") {
            .some(.some($0))
        }
        rejectedEvents = RejectedEvents(reader: &reader)

        let adminHost = reader.host("admin.host", default: "127.0.0.1")
        worker = Worker(reader: &reader, adminHost: adminHost)
        aggregator = Aggregator(reader: &reader, adminHost: adminHost)
        reportingTimeZone = reader.value(
            "reporting.timezone", default: "UTC", allowed: "the IANA name of a time zone, such as Europe/Berlin"
        ) { isTimeZoneName($0) ? $0 : nil }
        warnings =
            properties.warnings + spill.warnings(beside: dataDirectory) + (dashboard.tokens?.warnings ?? [])
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        logLevel = reader.value("log.level", default: .info, allowed: levels) {
            Logger.Level(rawValue: $0.lowercased())
        }
    }
}

extension Settings.Kafka {
    fileprivate init(reader: inout SettingsReader, properties: [String: String]) {
        bootstrapServers = reader.value(
            StoreAddress.kafka.rawValue, default: "", allowed: "host:port, several with commas between",
            secret: { $0.contains("@") ? masked($0) : shown($0) }
        ) { isServerList($0) ? $0 : nil }
        self.properties = properties
        produceTimeout = reader.duration(
            "produce.timeout", default: .seconds(10), in: .milliseconds(100)...(.seconds(300)))
    }
}

extension Settings.RejectedEvents {
    fileprivate init(reader: inout SettingsReader) {
        isRecorded = reader.flag("collector.deadLetterRejected", default: true)
        rate = reader.number("collector.deadLetterRate", default: 100, in: 1...100_000)
        burst = reader.number("collector.deadLetterBurst", default: 200, in: 1...100_000)
        queueSize = reader.number("collector.deadLetterQueueBytes", default: 4 << 20, in: 1 << 17...1 << 30)
    }
}

extension Settings.Spill {
    fileprivate init(reader: inout SettingsReader, role: Role) {
        let path = reader.value("spill.dir", default: nil, allowed: "the path of a directory") { Optional($0) }
        directory = role.listensForEvents ? path : nil
        maximumBytes = reader.number("spill.maxBytes", default: 4 << 30, in: 1 << 20...1 << 50)
    }

    fileprivate func warnings(beside dataDirectory: String?) -> [String] {
        guard directory != nil, dataDirectory != nil else { return [] }
        return ["SPILL_DIR is not used: with a data directory events are on this disk at once"]
    }
}

extension Settings.Worker {
    fileprivate init(reader: inout SettingsReader, adminHost: String) {
        self.adminHost = adminHost
        adminPort = reader.port("worker.adminPort", default: 8091)
        batchSize = reader.number("worker.batchSize", default: 2_000, in: 1...10_000)
        group = reader.value(
            "worker.group", default: "tributary-worker",
            allowed: "1 to 200 letters, digits, dots, hyphens or underscores"
        ) { $0.wholeMatch(of: /[A-Za-z0-9._-]{1,200}/) == nil ? nil : $0 }
        countryDatabase = reader.value("geoip.database", default: nil, allowed: "the path of a file") {
            .some(.some($0))
        }
        redactedKeys = reader.redactedKeys()
        redactionSecret = reader.value(
            "worker.redactSecret", default: "", allowed: "a secret of 16 characters or more", secret: { _ in "***" }
        ) { $0.utf8.count >= 16 ? $0 : nil }
        if !redactedKeys.isEmpty { reader.requireRedactionSecret() }
        enrichmentCacheSize = reader.number("worker.enrichmentCacheSize", default: 4_096, in: 2...1_000_000)
        heldBytes = reader.number("worker.heldBytes", default: 64 << 20, in: 1 << 20...1 << 40)
        lagInterval = reader.duration(
            "worker.lagInterval", default: .seconds(10), in: .milliseconds(100)...(.seconds(3_600)))
        assumedRetention = reader.duration(
            "worker.logRetention", default: .seconds(7 * 86_400), in: .seconds(1)...(.seconds(36_500 * 86_400)))
        liveVisitors = reader.number("worker.liveVisitors", default: 500_000, in: 1_000...100_000_000)
    }
}

extension Settings.Aggregator {
    fileprivate init(reader: inout SettingsReader, adminHost: String) {
        self.adminHost = adminHost
        adminPort = reader.port("aggregator.adminPort", default: 8092)
        interval = reader.duration(
            "aggregator.interval", default: .seconds(60), in: .milliseconds(100)...(.seconds(86_400)))
        metadataKeys = reader.value(
            "rollup.metadataKeys", default: [],
            allowed: "up to 16 keys of metadata with commas between, none twice, each 1 to 64 of A-Z a-z 0-9 _ -"
        ) { text in
            let keys = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
            let areKeys = keys.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil }
            return areKeys && keys.count <= 16 && Set(keys).count == keys.count ? keys : nil
        }
    }
}

extension ConfigurationIssue {
    fileprivate static func unusableFile(_ path: String, _ error: any Error) -> ConfigurationIssue {
        let reason = error is DecodingError ? "it is not a JSON object of settings" : "it cannot be read"
        return ConfigurationIssue(
            key: "--config", value: shown(path), source: nil, allowed: "a readable file with one JSON object; \(reason)"
        )
    }
}
