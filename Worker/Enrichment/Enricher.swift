import Events
import Metrics
import Stores

/// Looks up the country (ISO 3166-1 alpha-2) of an address; throws where the database is damaged.
public typealias CountryLookup = @Sendable (_ address: String) throws -> String?

/// What enrichment can be told.
public struct EnrichmentConfiguration: Sendable {
    /// `nil`: countries are not known.
    public var country: CountryLookup?
    /// Keys of metadata whose values are stored as pseudonyms only.
    public var redactedKeys: [String] = []
    /// The secret that pseudonyms are made with.
    public var redactionSecret: [UInt8] = []
    /// Texts that each cache remembers, at most.
    public var cacheSize = 4096

    /// No countries, nothing redacted.
    public init() {}
}

/// Completes decoded events. No event is lost here: a step that fails leaves its code in the record.
struct Enricher: Sendable {
    private let steps: [any EnrichmentStep]
    private let redactedKeys: [String]
    private let telemetry = EnrichmentTelemetry()

    /// All steps, in their order. The event's time was corrected when it was decoded; the stored metadata comes last,
    /// since the others read it as it was sent.
    init(_ configuration: EnrichmentConfiguration) {
        let size = configuration.cacheSize
        redactedKeys = configuration.redactedKeys
        steps = [
            AddressStep(country: configuration.country, cacheSize: size),
            UserAgentStep(cacheSize: size),
            PageStep(),
            ReferrerStep(cacheSize: size),
            CampaignStep(),
            TraceStep(),
            StoredMetadataStep(secret: configuration.redactionSecret),
        ]
    }

    /// Completes one event.
    func enrich(_ event: inout RawEvent, _ headers: RequestHeaders) {
        var known = WellKnownMetadata()
        do {
            if let metadata = event.metadata { known = try WellKnownMetadata(metadata, redacting: redactedKeys) }
            if known.hasOddValue { note(.metadata, &event) }
        } catch {
            note(.metadata, &event)
        }
        enrich(&event, Clues(headers: headers, metadata: known))
    }

    /// Completes one event by what has been read of it.
    func enrich(_ event: inout RawEvent, _ clues: Clues) {
        for step in steps {
            do throws(EnrichmentFailure) { try step.enrich(&event, from: clues) } catch { note(error, &event) }
        }
    }

    private func note(_ failure: EnrichmentFailure, _ event: inout RawEvent) {
        guard !event.context.failures.contains(failure.rawValue) else { return }
        event.context.failures.append(failure.rawValue)
        telemetry.count(failure)
    }
}

/// Counts what could not be found out.
private struct EnrichmentTelemetry: Sendable {
    private let failures = Dictionary(
        uniqueKeysWithValues: EnrichmentFailure.allCases.map {
            ($0, Counter(label: WorkerMetrics.enrichmentFailuresLabel, dimensions: [("code", $0.rawValue)]))
        })

    func count(_ failure: EnrichmentFailure) { failures[failure]?.increment() }
}
