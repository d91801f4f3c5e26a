import Events
import Stores

/// How fresh an answer is.
struct Freshness: Sendable, Equatable {
    /// Grows with every change of a number.
    var revision: Int64
    /// Everything received before has been counted: milliseconds since 1970; `nil` while that is not known.
    var completeThrough: Int64?

    init(_ state: RollupState) { (revision, completeThrough) = (state.revision, state.completeThrough) }

    var completeThroughText: String? { completeThrough.map(Timestamp.format) }

    /// An entity tag: it changes with the numbers, with how fresh they are, and with who may see which of them.
    func tag(of key: AnswerCache.Key) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a: the same in every process.
        for text in [key.query, key.scope] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        }
        let time = completeThrough.map { String($0) } ?? ""
        return "\"\(revision)-\(time)-\(String(hash, radix: 36))\(key.format == .csv ? "-csv" : "")\""
    }

    func write(to json: inout JSONObject) {
        json.member("exact", true)
        json.member("completeThrough", completeThroughText)
        json.member("revision", revision)
    }
}
