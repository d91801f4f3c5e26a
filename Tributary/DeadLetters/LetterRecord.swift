import Events
import Foundation
import Stores
import Worker

/// A dead letter as `export` writes it, a line each, and as `replay --from-file` reads it.
struct LetterRecord: Codable {
    /// `epoch/partition/offset`.
    var position: String
    var state: String?
    var stage: String?
    var reason: String?
    var message: String?
    var source: String?
    var eventId: String?
    var failedAt: String?
    var replays: Int?
    var headers: [Header]?
    /// The value, where it is UTF-8: for correcting.
    var value: String?
    /// The value, where it is not.
    var valueBase64: String?
    /// Why the topic did not give the bytes.
    var unavailable: String?

    struct Header: Codable {
        var name: String
        var value: String
    }

    init(_ entry: DeadLetterEntry) {
        position = entry.position.description
        (state, stage, reason, message) = (entry.state.rawValue, entry.stage, entry.reason, entry.message)
        (source, eventId) = (entry.source, entry.eventID)
        failedAt = Timestamp.format(entry.failedAt)
    }

    init(_ entry: DeadLetterEntry, _ letters: Letters) {
        self.init(entry)
        do throws(LetterFault) {
            let letter = try letters.letter(of: entry)
            replays = letter.replays
            headers = letter.headers.map { Header(name: $0.name, value: $0.value) }
            value = String(validating: letter.value, as: UTF8.self)
            if value == nil { valueBase64 = Data(letter.value).base64EncodedString() }
        } catch { unavailable = error.reason }
    }

    /// The bytes of the value; `nil` where there is none.
    var bytes: [UInt8]? {
        value.map { Array($0.utf8) } ?? valueBase64.flatMap { Data(base64Encoded: $0) }.map(Array.init)
    }

    /// The record on one line.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
