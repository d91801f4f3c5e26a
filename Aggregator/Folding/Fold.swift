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
}

/// Events folded into changes of rollups: how many, and which visitors, by source, period, dimension and value. Pure:
/// the same events in any order and in any number of parts give the same changes.
///
/// Users and values are numbered as they are met; local numbers become the store's when the fold is merged.
package struct Fold: Sendable {
    /// The users met of a source.
    struct Users: Sendable {
        /// By local number: the digest that names the visitor.
        var digests: [Digest128] = []
        /// By local number: the earliest day with an event.
        var firstDays: [PeriodNumber] = []
        fileprivate var numbers: [ExactText: UInt32] = [:]
    }

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
    package mutating func add(_ event: StoredEvent) {
        let (day, interval) = (calendar.day(of: event.timestamp), calendar.interval(of: event.timestamp))
        sources[place(of: event.source)].add(event, day: day, interval: interval)
        count += 1
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
        var tallies: [RollupKey: UserTally] = [:]
        for source in sources { source.collectRows(dimensions, recorded, into: &tallies) }
        return tallies.mapValues { Change(events: $0.events, users: $0.users) }
    }
}

/// The part of a fold that one source's events make.
private struct SourceFold: Sendable {
    let name: String
    private(set) var users = Fold.Users()
    private var values: [ValueTable]
    private var rows = RowTable()

    init(_ name: String, dimensions: Int) {
        self.name = name
        values = [ValueTable](repeating: ValueTable(), count: dimensions)
    }

    mutating func add(_ event: StoredEvent, day: PeriodNumber, interval: PeriodNumber) {
        let user = users.meet(event.userID, of: name, on: day)
        let shift = day - RowName.utcDay(of: interval)
        let type = values[1].number(of: event.eventType)
        for (dimension, value) in [(0, 0), (1, type)] {
            count(user, RowName(isInterval: false, dimension: dimension, value: value, period: day))
            count(
                user,
                RowName(isInterval: true, dimension: dimension, value: value, period: interval, dayShift: shift))
        }
        var dimension = 2
        for part in ContextDimension.allCases {
            if let value = event.dimensions[part] { count(user, value, dimension, day) }
            dimension += 1
        }
        for value in event.dimensions.metadata {
            if let value { count(user, value, dimension, day) }
            dimension += 1
        }
    }

    private mutating func count(_ user: UInt32, _ value: String, _ dimension: Int, _ day: PeriodNumber) {
        let value = values[dimension].number(of: value)
        count(user, RowName(isInterval: false, dimension: dimension, value: value, period: day))
    }

    private mutating func count(_ user: UInt32, _ row: RowName) {
        rows.add(user, of: users.digests.count, to: row.packed)
    }

    private func week(_ row: RowName, _ dimensions: Dimensions) -> DimensionWeek {
        DimensionWeek(source: name, dimension: dimensions.names[row.dimension], week: CivilDate.monday(of: row.day))
    }

    func collectValues(_ dimensions: Dimensions, into values: inout [DimensionWeek: [String]]) {
        var seen: Set<UInt64> = []
        for row in rows.rows.lazy.map({ RowName(packed: $0.name) }) where row.dimension > 0 {
            let week = week(row, dimensions)
            let name = RowName(isInterval: false, dimension: row.dimension, value: row.value, period: week.week)
            guard seen.insert(name.packed).inserted else { continue }
            values[week, default: []].append(self.values[row.dimension].texts[Int(row.value)])
        }
    }

    func collectRows(
        _ dimensions: Dimensions, _ recorded: [DimensionWeek: Set<ExactText>]?,
        into tallies: inout [RollupKey: UserTally]
    ) {
        for (name, tally) in rows.rows {
            let row = RowName(packed: name)
            let week = week(row, dimensions)
            var value = row.dimension == 0 ? "" : values[row.dimension].texts[Int(row.value)]
            if row.dimension > 0, let recorded, recorded[week]?.contains(ExactText(value)) != true {
                value = otherValue
            }
            func add(_ granularity: Granularity, _ period: PeriodNumber) {
                let key = RollupKey(
                    source: self.name, granularity: granularity, period: period, dimension: week.dimension, value: value
                )
                if tallies[key]?.add(tally) == nil { tallies[key] = tally }
            }
            add(row.isInterval ? .interval : .day, row.period)
            if !row.isInterval { add(.week, week.week) }
        }
    }
}

/// The values of a dimension, numbered as they are met.
private struct ValueTable: Sendable {
    private(set) var texts: [String] = []
    private var numbers: [ExactText: UInt32] = [:]

    mutating func number(of text: String) -> UInt32 {
        let key = ExactText(text)
        if let known = numbers[key] { return known }
        precondition(texts.count < RowName.maximumValues, "a fold is merged long before it has so many values")
        let new = UInt32(texts.count)
        numbers[key] = new
        texts.append(text)
        return new
    }
}

extension Fold.Users {
    fileprivate mutating func meet(_ userID: String, of source: String, on day: PeriodNumber) -> UInt32 {
        let key = ExactText(userID)
        if let known = numbers[key] {
            firstDays[Int(known)] = min(firstDays[Int(known)], day)
            return known
        }
        let new = UInt32(digests.count)
        numbers[key] = new
        digests.append(.visitor(source: source, userID: userID))
        firstDays.append(day)
        return new
    }
}
