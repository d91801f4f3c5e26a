import ArgumentParser
import Collector
import EmbeddedStores
import GeoIP
import KafkaLog
import Logging
import MongoStore
import Operations
import PostgresStore
import ServiceLifecycle
import Stores
import Worker

/// Engines meet roles here.
extension RoleProcess {
    func buildLog() throws -> any EventLog {
        try configured {
            try KafkaLog(
                configuration: KafkaConfiguration(
                    bootstrapServers: settings.kafka.bootstrapServers, properties: settings.kafka.properties,
                    clientID: "tributary-\(settings.role.rawValue)", produceTimeout: settings.kafka.produceTimeout))
        }
    }

    func buildRawEventStore() throws -> any RawEventStore {
        try configured {
            var options = MongoStore.Options()
            options.retentionDays = settings.mongodb.rawRetentionDays
            return try MongoStore(uri: settings.mongodb.uri, options: options)
        }
    }

    func buildRollupStore() throws -> any RollupStore {
        try configured { try PostgresStore(url: settings.postgres.url) }
    }

    /// All three stores: in a directory if one is set, else on the three servers.
    /// - Parameter isMade: whether to make the directory where there is none.
    func buildStores(makingDirectory isMade: Bool = true) throws -> BuiltStores {
        guard let path = settings.dataDirectory else {
            return BuiltStores(
                log: try buildLog(), raw: try buildRawEventStore(), rollups: try buildRollupStore(), durability: "kafka"
            )
        }
        let directory = try configured { try DataDirectory(path: path, makingIt: isMade) }
        return BuiltStores(
            log: directory.log, raw: directory.raw, rollups: directory.rollups, durability: "embedded",
            directory: directory)
    }

    var metadataKeys: MetadataKeys { keysOfMetadata(settings) }

    /// Who may write, by the settings and the file that they name.
    /// - Parameter believesAnyone: whether events without a key may say which client they came from.
    func buildWriteKeys(believingAnyone believesAnyone: Bool = false) throws -> WriteKeys {
        let settings = settings.collector
        let keys = Dictionary(uniqueKeysWithValues: settings.writeKeys.map { ($0.key, $0.source) })
        guard let file = settings.keysFile else { return WriteKeys(keys, believesAnyone: believesAnyone) }
        return try configured { try WriteKeys(keys, file: file) }
    }

    func buildWorkerConfiguration() throws -> WorkerConfiguration {
        let settings = settings.worker
        var configuration = WorkerConfiguration()
        configuration.group = settings.group
        configuration.batchSize = settings.batchSize
        configuration.enrichment.redactedKeys = settings.redactedKeys
        configuration.enrichment.redactionSecret = Array(settings.redactionSecret.utf8)
        configuration.enrichment.cacheSize = settings.enrichmentCacheSize
        guard let path = settings.countryDatabase else { return configuration }
        do {
            let database = try CountryDatabase(path: path)
            configuration.enrichment.country = { try database.country(of: $0) }
        } catch {
            say("GEOIP_DATABASE: \(error)")
            throw ExitCode(78)
        }
        return configuration
    }

    /// What SIGHUP reads again; without any of it SIGHUP ends the process as usual.
    func reloading(_ keys: WriteKeys, and others: [Reloadable]) -> [any Service] {
        var reloadables = others
        if settings.collector.keysFile != nil {
            reloadables.append(Reloadable(name: "write keys") { try keys.reload() })
        }
        if reloadables.isEmpty { EarlyHangUp.giveUp() }
        return reloadables.isEmpty ? [] : [ReloadService(reloadables, logger: logger)]
    }

    func buildCalendar() throws -> ReportingCalendar { try reportingCalendar(settings) }

    /// Ends the process where days are cut otherwise than by the calendar: no pass could go through. A store that does
    /// not answer is no reason: the passes wait for it.
    func checkTimeZone(_ rollups: any RollupStore, _ calendar: ReportingCalendar) async throws {
        do {
            try await rollups.withReader { try await $0.state() }.check(calendar)
        } catch let error as DatabaseError where error.code == .invalidConfiguration {
            say("tributary \(settings.role.rawValue): \(error)")
            throw ExitCode(78)
        } catch {
            logger.warning("The rollups' time zone could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// An engine that refuses its configuration ends the process as any wrong setting does.
    func configured<Engine>(_ make: () throws -> Engine) throws -> Engine {
        do {
            return try make()
        } catch {
            say("tributary \(settings.role.rawValue): \(error)")
            throw ExitCode(78)
        }
    }
}

/// The three stores of a process.
struct BuiltStores: Sendable {
    let log: any EventLog
    let raw: any RawEventStore
    let rollups: any RollupStore
    /// What the collector's answers call it.
    let durability: String
    /// The embedded profile's directory, whose lock must live as long as the stores.
    var directory: DataDirectory?

    @Sendable func close() async {
        await log.close()
        await raw.close()
        await rollups.close()
    }
}

extension HealthCheck {
    static func log(_ log: any EventLog) -> HealthCheck {
        HealthCheck(name: "log") { try await log.checkHealth() }
    }

    static func rawEvents(_ store: any RawEventStore) -> HealthCheck {
        HealthCheck(name: "raw events") { try await store.checkHealth() }
    }

    static func rollups(_ store: any RollupStore) -> HealthCheck {
        HealthCheck(name: "rollups") { try await store.checkHealth() }
    }
}

/// What librdkafka and the guarantees say of a property, in the configuration's terms.
func judgeKafkaProperty(_ name: String, _ value: String) -> KafkaPropertyVerdict {
    switch KafkaConfiguration.verdict(of: name, value) {
    case .accepted: .accepted
    case .unknown: .unknown
    case .invalid(let reason): .invalid(reason)
    case .guaranteed(let reason): .guarantee(reason)
    }
}

/// The keys of metadata that events are counted by; the settings' rule is the same.
func keysOfMetadata(_ settings: Settings) -> MetadataKeys { MetadataKeys(settings.aggregator.metadataKeys) ?? .none }

/// The calendar that days and weeks are cut by.
func reportingCalendar(_ settings: Settings) throws -> ReportingCalendar {
    guard let calendar = ReportingCalendar(settings.reportingTimeZone) else {
        say("REPORTING_TIMEZONE: '\(settings.reportingTimeZone)' is not known here")
        throw ExitCode(78)
    }
    return calendar
}
