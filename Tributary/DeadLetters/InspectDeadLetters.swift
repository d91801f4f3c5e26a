import ArgumentParser
import Events
import Foundation
import Operations
import Stores
import Worker

/// `tributary dead-letters list`
struct ListDeadLetters: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, oldest failure first; by default the open ones.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: LetterSelection

    @Option(help: "Only those in this state: open, replayed, resolved.")
    var state: DeadLetterEntry.State?

    @Flag(help: "In any state.")
    var all = false

    @Option(help: "Letters, at most.")
    var limit = 50

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        guard !(all && state != nil) else { throw ValidationError("--all and --state exclude each other") }
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more, is \(limit)") }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        var filter = try selection.filter(now: currentMilliseconds())
        filter.state = all ? nil : state ?? .open
        var left = limit
        try await stores.raw.forEachPage(of: filter, size: min(limit, 500)) { page in
            for entry in page.prefix(left) { await terminal.print(try line(entry)) }
            left -= min(left, page.count)
            return left > 0
        }
        if left == limit { await terminal.say("no dead letters match") }
        if left == 0 { await terminal.say("only the first \(limit) are shown; --limit shows more") }
    }

    private func line(_ entry: DeadLetterEntry) throws -> String {
        guard !json else { return try LetterRecord(entry).line() }
        let id = "\(entry.source.isEmpty ? "?" : entry.source)/\(entry.eventID.isEmpty ? "?" : entry.eventID)"
        let words = [
            entry.position.description, Timestamp.format(entry.failedAt), entry.state.rawValue, entry.stage,
            entry.reason, id, entry.message,
        ]
        return words.map { displayed($0) }.joined(separator: "  ")
    }
}

/// `tributary dead-letters show`
struct ShowDeadLetter: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one dead letter: why it failed, its headers and its bytes.")

    @OptionGroup var stores: StoreOptions

    @Argument(help: "Its position in the log, epoch/partition/offset, as list prints it.")
    var position: Position

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        guard let entry = try await stores.raw.deadLetters(in: OffsetWindow(position)).first else {
            await terminal.say("there is no dead letter at \(position)")
            throw ExitCode.failure
        }
        let letters = try await Letters.read([entry], from: stores.log)
        let record = LetterRecord(entry, letters)
        let facts: [(String, String?)] = [
            ("position", record.position), ("state", record.state), ("stage", record.stage),
            ("reason", record.reason), ("message", record.message), ("failed at", record.failedAt),
            ("replays", record.replays.map { String($0) }),
        ]
        for (name, value) in facts { if let value { await terminal.print("\(name): \(displayed(value))") } }
        for header in record.headers ?? [] {
            await terminal.print("header \(displayed(header.name)): \(displayed(header.value))")
        }
        if let why = record.unavailable { return await terminal.say("value: \(why)") }
        let encoded = "value (base64): \(record.valueBase64 ?? "")"
        await terminal.print(record.value.map { "value: \(displayed($0))" } ?? encoded)
    }
}

/// `tributary dead-letters stats`
struct CountDeadLetters: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count dead letters by state, stage, reason and source.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: LetterSelection

    private struct Kind: Hashable, Comparable {
        var texts: [String]

        static func < (left: Kind, right: Kind) -> Bool { left.texts.lexicographicallyPrecedes(right.texts) }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        var kinds: [Kind: (count: Int, first: Int64, last: Int64)] = [:]
        try await stores.raw.forEachPage(of: try selection.filter(now: currentMilliseconds())) { page in
            for entry in page {
                let kind = Kind(texts: [entry.state.rawValue, entry.stage, entry.reason, entry.source])
                let known = kinds[kind] ?? (0, entry.failedAt, entry.failedAt)
                kinds[kind] = (known.count + 1, min(known.first, entry.failedAt), max(known.last, entry.failedAt))
            }
            return true
        }
        for (kind, figures) in kinds.sorted(by: { $0.key < $1.key }) {
            let words = [String(figures.count)] + kind.texts.map { $0.isEmpty ? "?" : $0 }
            let span = "\(Timestamp.format(figures.first)) … \(Timestamp.format(figures.last))"
            await terminal.print((words.map { displayed($0) } + [span]).joined(separator: "  "))
        }
        await terminal.say("\(kinds.values.reduce(0) { $0 + $1.count }) dead letters")
    }
}

/// `tributary dead-letters export`
struct ExportDeadLetters: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write dead letters with their bytes, one JSON object a line, to be corrected and replayed.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: LetterSelection

    @Option(help: "Only those in this state: open, replayed, resolved.")
    var state = DeadLetterEntry.State.open

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        var filter = try selection.filter(now: currentMilliseconds())
        filter.state = state
        var count = 0
        try await stores.raw.forEachPage(of: filter, size: 200) { page in
            let letters = try await Letters.read(page, from: stores.log)
            for entry in page { await terminal.print(try LetterRecord(entry, letters).line()) }
            count += page.count
            return true
        }
        await terminal.say("\(count) dead letters")
    }
}

extension OffsetWindow {
    /// The window of one position.
    init(_ position: Position) {
        self.init(
            partition: PartitionEpoch(epoch: position.epoch, partition: position.partition),
            offsets: position.offset..<position.offset + 1)
    }
}

/// A text that stays on one line of a terminal and cannot steer it: events hold what anybody sent.
func displayed(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
}
