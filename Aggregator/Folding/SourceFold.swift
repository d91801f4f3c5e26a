import Events
import Stores

extension Fold {
    /// The users met of a source.
    struct Users: Sendable {
        /// By local number: the digest that names the visitor.
        var digests: [Digest128] = []
        /// By local number: the earliest day with an event.
        var firstDays: [PeriodNumber] = []
        private var ids = TextTable()

        /// The number of a user who has been met.
        @inline(__always)
        fileprivate func find(_ userID: String) -> UInt32? { ids.find(userID) }

        fileprivate mutating func meet(_ userID: String, of source: String, on day: PeriodNumber) -> UInt32 {
            let number = ids.meet(userID)
            if number == digests.count {
                digests.append(.visitor(source: source, userID: userID))
                firstDays.append(day)
            }
            return number
        }

        fileprivate mutating func lowerFirstDay(of user: UInt32, to day: PeriodNumber) {
            if day < firstDays[Int(user)] { firstDays[Int(user)] = day }
        }
    }
}

/// The part of a fold that one source's events make.
///
/// An event is noted in as few rows as can be: its type in its interval, and its day by each other dimension that it has
/// a value of. All other rows are unions of these (`FoldedRows`).
struct SourceFold: Sendable {
    private static let blockSize = 128

    let name: String
    private(set) var users = Fold.Users()
    /// By dimension: the values.
    private(set) var values: [TextTable]
    private(set) var rows = RowTable()
    /// By row: what has gone through the log; shorter than the rows are.
    private var tallies: [UserTally] = []
    private var log = MeetingLog()

    init(_ name: String, dimensions: Int) {
        self.name = name
        values = [TextTable](repeating: TextTable(), count: dimensions)
    }

    /// Folds events, which are read where they lie: a copy would retain every text.
    mutating func add(_ events: UnsafeBufferPointer<StoredEvent>, _ calendar: inout ReportingCalendar) {
        for start in stride(from: 0, to: events.count, by: Self.blockSize) {
            add(
                block: UnsafeBufferPointer(rebasing: events[start..<min(start + Self.blockSize, events.count)]),
                &calendar)
        }
    }

    /// Column by column, so that the processor can wait for memory for many events at a time.
    private mutating func add(block: UnsafeBufferPointer<StoredEvent>, _ calendar: inout ReportingCalendar) {
        let known = block.indices.map { users.find(block[$0].userID) }
        let met = block.indices.map { index in
            let time = block[index].timestamp
            let (day, interval) = (calendar.day(of: time), calendar.interval(of: time))
            let user = known[index] ?? users.meet(block[index].userID, of: name, on: day)
            users.lowerFirstDay(of: user, to: day)
            let row = RowName(
                isInterval: true, dimension: Dimensions.eventType,
                value: number(block[index].eventType, of: Dimensions.eventType), period: interval,
                dayShift: day - RowName.utcDay(of: interval))
            return (user: user, day: day, row: row.packed)
        }
        for meeting in met { note(meeting.user, meeting.row) }
        for (index, meeting) in met.enumerated() {
            noteValues(block.baseAddress! + index, of: meeting.user, meeting.day)
        }
        if log.isFull { flush() }
    }

    private mutating func noteValues(_ event: UnsafePointer<StoredEvent>, of user: UInt32, _ day: PeriodNumber) {
        if let value = event.pointee.dimensions.path { note(user, value, .path, day) }
        if let value = event.pointee.dimensions.referrer { note(user, value, .referrer, day) }
        if let value = event.pointee.dimensions.country { note(user, value, .country, day) }
        if let value = event.pointee.dimensions.device { note(user, value, .device, day) }
        if let value = event.pointee.dimensions.browser { note(user, value, .browser, day) }
        if let value = event.pointee.dimensions.os { note(user, value, .os, day) }
        if let value = event.pointee.dimensions.bot { note(user, value, .bot, day) }
        if let value = event.pointee.dimensions.utmSource { note(user, value, .utmSource, day) }
        if let value = event.pointee.dimensions.utmMedium { note(user, value, .utmMedium, day) }
        if let value = event.pointee.dimensions.utmCampaign { note(user, value, .utmCampaign, day) }
        for (index, value) in event.pointee.dimensions.metadata.enumerated() {
            if let value { note(user, value, Dimensions.firstOfMetadata + index, day) }
        }
    }

    private mutating func note(_ user: UInt32, _ value: String, _ part: ContextDimension, _ day: PeriodNumber) {
        note(user, value, Dimensions.number(of: part), day)
    }

    private mutating func note(_ user: UInt32, _ value: String, _ dimension: Int, _ day: PeriodNumber) {
        let number = number(value, of: dimension)
        note(user, RowName(isInterval: false, dimension: dimension, value: number, period: day).packed)
    }

    private mutating func number(_ value: String, of dimension: Int) -> UInt32 {
        let number = values[dimension].meet(value)
        precondition(number < RowName.maximumValues, "a fold is merged long before it has so many values")
        return number
    }

    private mutating func note(_ user: UInt32, _ row: UInt64) { log.append(user, in: rows.number(of: row)) }

    private mutating func flush() {
        tallies += repeatElement(UserTally(), count: rows.names.count - tallies.count)
        log.flush(into: &tallies, of: users.digests.count)
    }

    /// By row: events and users.
    var settledTallies: [UserTally] {
        var copy = self
        copy.flush()
        return copy.tallies
    }

    func week(_ row: RowName, _ dimensions: Dimensions) -> DimensionWeek {
        DimensionWeek(source: name, dimension: dimensions.names[row.dimension], week: CivilDate.monday(of: row.day))
    }

    /// Adds the values met, in order of arrival.
    func collectValues(_ dimensions: Dimensions, into values: inout [DimensionWeek: [String]]) {
        var seen: Set<UInt64> = []
        for row in rows.names.lazy.map(RowName.init(packed:)) {
            let week = week(row, dimensions)
            let name = RowName(isInterval: false, dimension: row.dimension, value: row.value, period: week.week)
            guard seen.insert(name.packed).inserted else { continue }
            values[week, default: []].append(self.values[row.dimension].text(row.value))
        }
    }
}
