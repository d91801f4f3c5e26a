import Events
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Stores
import Testing

@testable import Aggregator
@testable import DashboardAPI
@testable import StoreModels

/// Events in a store, folded and merged by the aggregator itself, and the routes over it.
struct AnalyticsWorld {
    static let zone = "Europe/Berlin"
    /// The one metadata key that is counted.
    static let key = "plan"

    let store: any RollupStore

    /// - Parameter parts: how many passes the events come in.
    init(
        _ events: [StoredEvent], in store: any RollupStore = RollupStoreModel(timeZone: zone), parts: Int = 1,
        maximumValues: Int = Merger.maximumValues
    ) async throws {
        self.store = store
        let merger = Merger(store: store, maximumValues: maximumValues)
        let size = max(1, (events.count + parts - 1) / parts)
        for start in stride(from: 0, to: events.count, by: size) {
            var fold = Fold(
                calendar: ReportingCalendar(Self.zone)!, dimensions: Dimensions(metadata: MetadataKeys([Self.key])!))
            for event in events[start..<min(events.count, start + size)] { fold.add(event) }
            try await merger.merge([fold], moving: [])
        }
    }

    /// Asks, and reads the answer.
    func get(
        _ path: String, _ query: [String: String], headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var parts = URLComponents()
        parts.queryItems = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        return try await get("/api/analytics/\(path)?\(parts.percentEncodedQuery ?? "")", headers: headers)
    }

    func get(_ uri: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        let router = Router(context: DashboardContext.self)
        addDashboardRoutes(
            to: router, store: store, timeZone: Self.zone, cacheSize: 1 << 20, access: .open,
            pipeline: nil, now: { 0 })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: uri, method: .get, headers: headers)
        }
    }

    /// The members of an answer that must be one.
    func answer(_ path: String, _ query: [String: String]) async throws -> JSON {
        let response = try await get(path, query)
        #expect(response.status == .ok, "\(path) \(query): \(String(buffer: response.body))")
        return try JSON(response)
    }
}

/// JSON, read leniently: what is not there is `nil`.
struct JSON {
    let value: Any?

    init(_ value: Any?) { self.value = value is NSNull ? nil : value }
    init(_ response: TestResponse) throws {
        self.init(try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)))
    }

    subscript(_ name: String) -> JSON { JSON((value as? [String: Any])?[name]) }
    var names: Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
    var list: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var int: Int? { value as? Int }
    var text: String? { value as? String }
    var flag: Bool? { value as? Bool }
}

extension StoredEvent {
    /// An event by what matters to a test.
    init(
        _ user: String, _ time: String, source: String = "web", type: String = "page_view",
        _ dimensions: (inout EventDimensions) -> Void = { _ in }
    ) {
        var counted = EventDimensions(metadata: [nil])
        dimensions(&counted)
        let text = time.contains("T") ? time : "\(time)T12:00:00Z"
        self.init(
            source: source, userID: user, eventType: type, timestamp: Timestamp.parse(text.utf8)!, offset: 0,
            dimensions: counted)
    }

    /// The value of a dimension by its name.
    subscript(dimension: String) -> String? {
        switch dimension {
        case eventTypeDimension: eventType
        case "metadata.\(AnalyticsWorld.key)": dimensions.metadata[0]
        default: ContextDimension(rawValue: dimension).flatMap { dimensions[$0] }
        }
    }
}
