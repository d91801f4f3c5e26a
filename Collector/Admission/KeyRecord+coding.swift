import Events
import Foundation
import Operations

/// A name of a member of a JSON object.
struct MemberName: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// What is wrong with an entry of the file.
struct KeyRecordFault: Error, CustomStringConvertible {
    let description: String
}

extension KeyRecord: Codable {
    /// Reads one entry, strictly: a limit with a misspelt name must not be a limit that does not hold.
    public init(from decoder: any Decoder) throws {
        guard let members = try? decoder.container(keyedBy: MemberName.self) else {
            throw KeyRecordFault(description: "must be an object")
        }
        let unknown = members.allKeys.map(\.stringValue).filter { !Self.names.contains($0) }.sorted()
        guard unknown.isEmpty else {
            let names = unknown.map { String($0.prefix(64)) }.joined(separator: ", ")
            throw KeyRecordFault(
                description: "unknown members: \(names); known are \(Self.names.joined(separator: ", "))")
        }
        let reader = MemberReader(members: members)
        id = try reader.required("id", "1 to 64 of a-z A-Z 0-9 _ -") {
            $0.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) == nil ? nil : $0
        }
        source = try reader.required("source", "^[a-z0-9][a-z0-9_-]{0,63}$") { EventRules.isSource($0) ? $0 : nil }
        digest = try reader.required("sha256", "64 lower-case hexadecimal digits") { KeyDigest(hexadecimal: $0) }
        isServer = try reader.value("server", "true or false", as: Bool.self) ?? false
        maximumEventAge = try reader.text("maximumEventAge", "a whole number with ms, s, m or h, such as 720h") {
            parseDuration($0)
        }
        dailyQuota = try reader.value("dailyQuota", "a whole number from 1", as: Int.self)
        if let dailyQuota, dailyQuota < 1 { throw reader.fault("dailyQuota", "a whole number from 1") }
        created = try reader.required("created", MemberReader.time) { Timestamp.parse($0.utf8) }
        changed = try reader.required("changed", MemberReader.time) { Timestamp.parse($0.utf8) }
        expires = try reader.text("expires", MemberReader.time) { Timestamp.parse($0.utf8) }
        revoked = try reader.text("revoked", MemberReader.time) { Timestamp.parse($0.utf8) }
    }

    private static let names = [
        "id", "source", "sha256", "server", "maximumEventAge", "dailyQuota", "created", "changed", "expires", "revoked",
    ]

    /// Writes one entry, without what is not set.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        func name(_ text: String) -> MemberName { MemberName(stringValue: text) }
        try members.encode(id, forKey: name("id"))
        try members.encode(source, forKey: name("source"))
        try members.encode(digest.hexadecimal, forKey: name("sha256"))
        if isServer { try members.encode(true, forKey: name("server")) }
        try members.encodeIfPresent(maximumEventAge.map(durationText), forKey: name("maximumEventAge"))
        try members.encodeIfPresent(dailyQuota, forKey: name("dailyQuota"))
        try members.encode(Timestamp.format(created), forKey: name("created"))
        try members.encode(Timestamp.format(changed), forKey: name("changed"))
        try members.encodeIfPresent(expires.map(Timestamp.format), forKey: name("expires"))
        try members.encodeIfPresent(revoked.map(Timestamp.format), forKey: name("revoked"))
    }
}

/// Reads members and says of a wrong one what is allowed.
private struct MemberReader {
    static let time = "an RFC 3339 date-time with offset"
    let members: KeyedDecodingContainer<MemberName>

    func value<Value: Decodable>(_ name: String, _ allowed: String, as type: Value.Type) throws -> Value? {
        do {
            return try members.decodeIfPresent(type, forKey: MemberName(stringValue: name))
        } catch {
            throw fault(name, allowed)
        }
    }

    func text<Value>(_ name: String, _ allowed: String, parse: (String) -> Value?) throws -> Value? {
        guard let text = try value(name, allowed, as: String.self) else { return nil }
        guard let value = parse(text) else { throw fault(name, allowed) }
        return value
    }

    func required<Value>(_ name: String, _ allowed: String, parse: (String) -> Value?) throws -> Value {
        guard let value = try text(name, allowed, parse: parse) else { throw fault(name, allowed) }
        return value
    }

    func fault(_ name: String, _ allowed: String) -> KeyRecordFault {
        KeyRecordFault(description: "\(name) must be \(allowed)")
    }
}
