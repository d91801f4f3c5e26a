/// A key that clients send events with, and the source that those events belong to.
public struct WriteKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The source: a site or an app.
    public let source: String
    /// The key itself: a secret.
    public let key: String

    /// The source only, so that a key does not get into a log by accident.
    public var description: String { "\(source):***" }
    /// The source only, also where something is dumped.
    public var customMirror: Mirror { Mirror(self, children: ["source": source]) }

    /// Reads `source:key,…`, with spaces allowed around entries. Several keys may belong to one source.
    /// - Throws: `WriteKeyFault` with the places of all wrong entries, counted from 1.
    static func list(_ text: String) throws(WriteKeyFault) -> [WriteKey] {
        var keys: [WriteKey] = []
        var wrong: [Int] = []
        for (index, entry) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            if let key = WriteKey(entry.trimming(" ")), !keys.contains(where: { $0.key == key.key }) {
                keys.append(key)
            } else {
                wrong.append(index + 1)
            }
        }
        guard wrong.isEmpty else { throw WriteKeyFault(entries: wrong) }
        return keys
    }

    private init?(_ entry: Substring) {
        guard let match = entry.wholeMatch(of: /([a-z0-9][a-z0-9_-]{0,63}):([!-~]+)/) else { return nil }
        source = String(match.1)
        key = String(match.2)
    }
}

/// Which entries of a list of write keys are wrong.
struct WriteKeyFault: Error, Equatable {
    /// Places, counted from 1.
    let entries: [Int]
}

extension Substring {
    /// Without this character at both ends.
    fileprivate func trimming(_ character: Character) -> Substring {
        let start = drop { $0 == character }
        return start.lastIndex { $0 != character }.map { start[...$0] } ?? ""
    }
}
