package import Events
package import Stores

/// The dimensions that events are counted by, in the order of their numbers.
package struct Dimensions: Sendable, Equatable {
    /// All names: `all`, `event_type`, those of the context, those of metadata.
    let names: [String]
    /// The keys of metadata, whose values a read brings along.
    let metadata: MetadataKeys

    package init(metadata: MetadataKeys = .none) {
        self.metadata = metadata
        names =
            [allDimension, eventTypeDimension] + ContextDimension.allCases.map(\.rawValue)
            + metadata.names.map { metadataDimensionPrefix + $0 }
    }

    /// The number of `event_type`.
    static let eventType = 1
    /// The number of the first key of metadata.
    static let firstOfMetadata = 2 + ContextDimension.allCases.count

    /// The number of a part of the context: they are declared in order.
    static func number(of part: ContextDimension) -> Int {
        switch part {
        case .path: 2
        case .referrer: 3
        case .country: 4
        case .device: 5
        case .browser: 6
        case .os: 7
        case .bot: 8
        case .utmSource: 9
        case .utmMedium: 10
        case .utmCampaign: 11
        }
    }
}

/// Events folded into changes of rollups: how many, and which visitors, by source, period, dimension and value. Pure:
/// the same events in any order and in any number of parts give the same changes.
///
/// Users and values are numbered as they are met; local numbers become the store's when the fold is merged.
package struct Fold: Sendable {
    /// Change of one row.
    package struct Change: Sendable, Equatable {
        /// Events to be added.
        package var events: Int64
        /// Local numbers of the users met, each once, ascending.
        package var users: [UInt32]
    }

    private var calendar: ReportingCalendar
    private let dimensions: Dimensions
    private var sources: [SourceFold] = []
    private var places: [String: Int] = [:]
    private var lastSource = ""
    private var lastPlace = -1
    /// Events folded.
    private(set) var count = 0

    /// An empty fold.
    package init(calendar: ReportingCalendar, dimensions: Dimensions = Dimensions()) {
        (self.calendar, self.dimensions) = (calendar, dimensions)
    }

    var isEmpty: Bool { count == 0 }

    /// Folds one more event.
    package mutating func add(_ event: StoredEvent) { add([event]) }

    /// Folds more events.
    package mutating func add(_ events: [StoredEvent]) {
        events.withUnsafeBufferPointer { events in
            var start = 0
            while start < events.count {
                let place = place(of: events[start].source)
                var end = start + 1
                while end < events.count, events[end].source == lastSource { end += 1 }
                sources[place].add(UnsafeBufferPointer(rebasing: events[start..<end]), &calendar)
                start = end
            }
        }
        count += events.count
    }

    private mutating func place(of source: String) -> Int {
        if lastPlace >= 0, source == lastSource { return lastPlace }
        let place = places[source] ?? sources.count
        if place == sources.count {
            places[source] = place
            sources.append(SourceFold(source, dimensions: dimensions.names.count))
        }
        (lastSource, lastPlace) = (source, place)
        return place
    }

    /// The users met, by source.
    var users: [String: Users] { Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.users) }) }

    /// The values met by dimension and week, in order of arrival.
    func values() -> [DimensionWeek: [String]] {
        var values: [DimensionWeek: [String]] = [:]
        for source in sources { source.collectValues(dimensions, into: &values) }
        return values
    }

    /// The changes of all rows.
    /// - Parameter recorded: the values that have rows of their own; the others' are those of `(other)`. `nil`: all have.
    package func changes(_ recorded: [DimensionWeek: Set<ExactText>]? = nil) -> [RollupKey: Change] {
        var changes: [RollupKey: Change] = [:]
        for source in sources { source.collectChanges(dimensions, recorded, into: &changes) }
        return changes
    }
}
