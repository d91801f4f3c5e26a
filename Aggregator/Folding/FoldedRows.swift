import Events
import Stores

/// Rows by name, as unions of finer ones.
private struct RowUnions: Sendable {
    /// How many users there are in all.
    let population: Int
    private(set) var tallies: [UInt64: UserTally] = [:]

    init(of population: Int) { self.population = population }

    mutating func add(_ row: RowName, _ part: Fold.Change) {
        tallies[row.packed, default: UserTally()].add(part.users, events: part.events, of: population)
    }

    var rows: some Sequence<(name: RowName, change: Fold.Change)> {
        tallies.lazy.map { (RowName(packed: $0), Fold.Change(events: $1.events, users: $1.users)) }
    }
}

extension SourceFold {
    /// Adds the changes of all rows. Every event has one type: an interval is the union of its types, a day that of its
    /// intervals, a week that of its days.
    func collectChanges(
        _ dimensions: Dimensions, _ recorded: [DimensionWeek: Set<ExactText>]?,
        into changes: inout [RollupKey: Fold.Change]
    ) {
        var values = CountedValues(self, dimensions, recorded)
        let none = RowUnions(of: users.digests.count)
        var (intervals, days, daysOfAll, weeks) = (none, none, none, none)
        for (name, tally) in zip(rows.names, settledTallies) {
            var row = RowName(packed: name)
            row.value = values.number(of: row)
            let change = Fold.Change(events: tally.events, users: tally.users)
            days.add(row.ofDay, change)
            guard row.isInterval else { continue }
            intervals.add(row.unshifted, change)
            intervals.add(row.unshifted.ofAll, change)
        }
        for (row, change) in days.rows {
            if row.dimension == Dimensions.eventType { daysOfAll.add(row.ofAll, change) }
            weeks.add(row.ofWeek, change)
        }
        for (row, change) in daysOfAll.rows { weeks.add(row.ofWeek, change) }
        for (granularity, unions) in [
            (Granularity.interval, intervals), (.day, days), (.day, daysOfAll), (.week, weeks),
        ] {
            changes.reserveCapacity(changes.count + unions.tallies.count)
            for (row, change) in unions.rows { changes[values.key(of: row, granularity)] = change }
        }
    }
}

extension RowName {
    fileprivate var ofDay: RowName { RowName(isInterval: false, dimension: dimension, value: value, period: day) }

    fileprivate var ofWeek: RowName {
        RowName(isInterval: false, dimension: dimension, value: value, period: CivilDate.monday(of: period))
    }

    fileprivate var ofAll: RowName { RowName(isInterval: isInterval, dimension: 0, value: 0, period: period) }

    fileprivate var unshifted: RowName {
        RowName(isInterval: isInterval, dimension: dimension, value: value, period: period)
    }
}

/// Which values have rows of their own.
private struct CountedValues {
    private let fold: SourceFold
    private let dimensions: Dimensions
    private let recorded: [DimensionWeek: Set<ExactText>]?
    /// By dimension and number.
    private let texts: [[String]]
    /// What has been looked up, by dimension, value and week.
    private var numbers: [UInt64: UInt32] = [:]

    init(_ fold: SourceFold, _ dimensions: Dimensions, _ recorded: [DimensionWeek: Set<ExactText>]?) {
        (self.fold, self.dimensions, self.recorded) = (fold, dimensions, recorded)
        texts = fold.values.map { table in (0..<UInt32(table.count)).map(table.text) }
    }

    /// The number of a row's value, or that of all without rows of their own.
    mutating func number(of row: RowName) -> UInt32 {
        let week = row.ofDay.ofWeek.packed
        if let known = numbers[week] { return known }
        let text = texts[row.dimension][Int(row.value)]
        let isCounted = recorded.map { $0[fold.week(row, dimensions)]?.contains(ExactText(text)) == true } ?? true
        // A value may be spelt like the name of all others; they have one row together.
        let number = isCounted && text != otherValue ? row.value : RowName.other
        numbers[week] = number
        return number
    }

    func key(of row: RowName, _ granularity: Granularity) -> RollupKey {
        let isOther = row.value == RowName.other
        let value = row.dimension == 0 ? "" : isOther ? otherValue : texts[row.dimension][Int(row.value)]
        return RollupKey(
            source: fold.name, granularity: granularity, period: row.period,
            dimension: dimensions.names[row.dimension], value: value)
    }
}
