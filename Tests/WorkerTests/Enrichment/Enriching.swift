import Events
import Stores

@testable import StoreModels
@testable import Worker

/// Decodes and enriches a record with this metadata and these headers.
func enriched(
    _ metadata: String? = nil, headers: [(HeaderName, String)] = [], source: String = "web",
    _ configuration: EnrichmentConfiguration = EnrichmentConfiguration()
) throws -> RawEvent {
    let value = eventText(more: metadata.map { ",\"metadata\":\($0)" } ?? "")
    let slice = RecordSlice([record(value, source: source, more: headers)])
    let decoded = Decoder().decode(slice, epoch: 1, completing: Enricher(configuration))
    guard case .event(let event) = decoded[0] else { throw NoEvent(decoded: decoded) }
    return event
}

/// An event was lost on its way.
struct NoEvent: Error { var decoded: [Decoded] }

extension RawEvent {
    /// The metadata as text.
    var metadataText: String? { metadata.map { String(decoding: $0, as: UTF8.self) } }
}
