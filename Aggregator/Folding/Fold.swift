import Events
import Stores

/// Events folded into changes of rollups: how many, and which visitors, by source, period, dimension and value. Pure:
/// the same events in any order and in any number of parts give the same changes.
///
/// Users are numbered as they are met; those local numbers become the store's visitor numbers when merged.
struct Fold: Sendable {
    /// The users met of a source.
    struct Users: Sendable {
        /// By local number: the digest that names the visitor.
        var digests: [Digest128] = []
        /// By local number: the earliest day with an event.
        var firstDays: [PeriodNumber] = []
        fileprivate var numbers: [ExactText: UInt32] = [:]
    }

    /// Change of one row.
    struct Change: Sendable, Equatable {
        /// Events to be added.
        var events: Int64 = 0
        /// Local numbers of the users met; in no order, with repetitions until `sealed`.
        var users: [UInt32] = []
    }

    /// What a cell of the fold counts: the finest that all rows are sums of.
    private struct Cell: Hashable {
        var source: Int32
        var eventType: Int32
        var interval: PeriodNumber
        var day: PeriodNumber
    }

    private var calendar: ReportingCalendar
    private var sources: [String] = []
    private var eventTypes: [String] = []
    private var sourceNumbers: [String: Int32] = [:]
    private var eventTypeNumbers: [String: Int32] = [:]
    private var usersBySource: [Users] = []
    private var cells: [Cell: Change] = [:]
    /// Events folded.
    private(set) var count = 0

    /// An empty fold.
    init(calendar: ReportingCalendar) { self.calendar = calendar }

    var isEmpty: Bool { count == 0 }

    /// Folds one more event.
    mutating func add(_ event: StoredEvent) {
        let day = calendar.day(of: event.timestamp)
        let source = Self.number(event.source, in: &sourceNumbers, &sources)
        if Int(source) == usersBySource.count { usersBySource.append(Users()) }
        let user = usersBySource[Int(source)].meet(event.userID, of: event.source, on: day)
        let cell = Cell(
            source: source, eventType: Self.number(event.eventType, in: &eventTypeNumbers, &eventTypes),
            interval: calendar.interval(of: event.timestamp), day: day)
        cells[cell, default: Change()].add(user)
        count += 1
    }

    private static func number(_ text: String, in numbers: inout [String: Int32], _ texts: inout [String]) -> Int32 {
        if let known = numbers[text] { return known }
        let new = Int32(texts.count)
        numbers[text] = new
        texts.append(text)
        return new
    }

    /// The users met, by source.
    var users: [String: Users] {
        Dictionary(uniqueKeysWithValues: zip(sources, usersBySource))
    }

    /// The changes of all interval and day rows, each user once a row.
    func changes() -> [RollupKey: Change] {
        var changes: [RollupKey: Change] = [:]
        for (cell, change) in cells {
            var sealed = change
            sealed.seal()
            let eventType = eventTypes[Int(cell.eventType)]
            let periods: [(Granularity, PeriodNumber)] = [(.interval, cell.interval), (.day, cell.day)]
            for (granularity, period) in periods {
                for (dimension, value) in [(allDimension, ""), (eventTypeDimension, eventType)] {
                    let key = RollupKey(
                        source: sources[Int(cell.source)], granularity: granularity, period: period,
                        dimension: dimension, value: value)
                    changes[key, default: Change()].add(sealed)
                }
            }
        }
        for key in changes.keys { changes[key]?.seal() }
        return changes
    }
}

extension Fold.Change {
    fileprivate mutating func add(_ user: UInt32) {
        events += 1
        if users.last != user { users.append(user) }
    }

    fileprivate mutating func add(_ other: Fold.Change) {
        events += other.events
        users.append(contentsOf: other.users)
    }

    /// Orders users, each once.
    fileprivate mutating func seal() {
        users.sort()
        var last: UInt32?
        users.removeAll { user in
            defer { last = user }
            return user == last
        }
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
