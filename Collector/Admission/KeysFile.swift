import Foundation

/// Why a file of keys cannot be used, with everything that is wrong in it. Shows no key and no hash.
public struct KeysFileError: Error, CustomStringConvertible {
    /// The file.
    public let path: String
    /// One entry a fault.
    public let faults: [String]

    public var description: String { "KEYS_FILE \(path): \(faults.joined(separator: "; "))" }
}

/// A JSON file of write keys: `{"keys":[{"id":…,"source":…,"sha256":…}]}`, by hash only.
public struct KeysFile: Sendable {
    /// Larger files are refused: some 50,000 keys.
    static let maximumSize = 16 << 20

    /// The keys, in the order in which they were made.
    public var records: [KeyRecord] = []

    /// An empty file.
    public init() {}

    /// Reads a file as a whole, or refuses it as a whole.
    public init(path: String) throws(KeysFileError) {
        let data: Data
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= Self.maximumSize else {
                throw KeysFileError(path: path, faults: ["may have \(Self.maximumSize) bytes, has \(size)"])
            }
            data = try Data(contentsOf: URL(filePath: path))
        } catch let error as KeysFileError {
            throw error
        } catch {
            throw KeysFileError(path: path, faults: ["cannot be read; `tributary keys create` makes it"])
        }
        do {
            records = try Self.records(in: data)
        } catch {
            throw KeysFileError(path: path, faults: error.faults)
        }
    }

    /// Revokes a valid key.
    /// - Returns: whether there is one of this id.
    public mutating func revoke(_ id: String, at now: Int64) -> Bool {
        guard let index = records.firstIndex(where: { $0.id == id && $0.revoked == nil }) else { return false }
        (records[index].revoked, records[index].changed) = (now, now)
        return true
    }

    /// The faults of an entry, or of the whole.
    struct Faults: Error {
        var faults: [String]
    }

    static func records(in data: Data) throws(Faults) -> [KeyRecord] {
        let document: Document
        do { document = try JSONDecoder().decode(Document.self, from: data) } catch {
            throw Faults(faults: ["must be a JSON object with one member, keys, an array"])
        }
        var faults: [String] = []
        var records: [KeyRecord] = []
        for (index, entry) in document.keys.enumerated() {
            switch entry.result {
            case .success(let record): records.append(record)
            case .failure(let fault): faults.append("entry \(index + 1): \(fault)")
            }
        }
        faults += repeated(records.map(\.id)).map { "the id \($0) is there twice" }
        faults += repeated(records.map(\.digest)).isEmpty ? [] : ["one sha256 is there twice"]
        guard faults.isEmpty else { throw Faults(faults: faults) }
        return records
    }

    private static func repeated<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { !seen.insert($0).inserted }
    }

    /// The file's text.
    func encoded() throws -> Data {
        struct Output: Encodable { var keys: [KeyRecord] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(Output(keys: records)) + Data("\n".utf8)
    }
}

/// The file as JSON, each entry read for itself so that all faults are found.
private struct Document: Decodable {
    struct Entry: Decodable {
        let result: Result<KeyRecord, any Error>
        init(from decoder: any Decoder) throws { result = Result { try KeyRecord(from: decoder) } }
    }

    let keys: [Entry]

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: MemberName.self)
        guard members.allKeys.map(\.stringValue) == ["keys"] else { throw KeyRecordFault(description: "") }
        keys = try members.decode([Entry].self, forKey: MemberName(stringValue: "keys"))
    }
}
