internal import Events

/// The keys of metadata whose values a read of stored events brings along.
public struct MetadataKeys: Sendable, Equatable {
    /// No keys: the metadata is not looked at.
    public static let none = MetadataKeys(unchecked: [])
    /// Keys at most.
    public static let maximumCount = 16

    /// The keys, in the order of the values.
    public let names: [String]

    private init(unchecked names: [String]) { self.names = names }

    /// Keys of the outermost object; `nil` unless they are at most `maximumCount`, none twice, each 1 to 64 of
    /// `A-Z a-z 0-9 _ -`, so that every store can name them.
    public init?(_ names: [String]) {
        guard names.count <= Self.maximumCount, Set(names).count == names.count, names.allSatisfy(Self.isKey) else {
            return nil
        }
        self.init(unchecked: names)
    }

    private static func isKey(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The values in a text of JSON, in the keys' order: `nil` where there is none, or none to count by.
    public func values(in metadata: ArraySlice<UInt8>?) -> [String?] {
        guard !names.isEmpty else { return [] }
        var values = [String?](repeating: nil, count: names.count)
        // A store holds what the scanner found valid: a fault here means no value, as for any other that is not there.
        try? metadata?.withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in try read(bytes, into: &values) }
        return values
    }

    private func read(_ bytes: UnsafeBufferPointer<UInt8>, into values: inout [String?]) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes)
        guard scanner.take(UInt8(ascii: "{")), scanner.peek() != UInt8(ascii: "}") else { return }
        repeat {
            let key = try scanner.scanKey()
            if let index = index(of: key, in: bytes) {
                values[index] = try DimensionValue.next(in: &scanner, of: bytes)
            } else {
                var facts = JSONFacts()
                _ = try scanner.skipValue(&facts)
            }
        } while scanner.take(UInt8(ascii: ","))
    }

    /// The JSON object of what is counted; `nil` where nothing is. Its values are those of the whole.
    func counted(in metadata: ArraySlice<UInt8>?) -> ArraySlice<UInt8>? {
        var object: [UInt8] = []
        for (name, value) in zip(names, values(in: metadata)) {
            guard let value else { continue }
            object.append(UInt8(ascii: object.isEmpty ? "{" : ","))
            JSONString.append(name.utf8, to: &object)
            object.append(UInt8(ascii: ":"))
            // As a text: whatever it was, it is counted by its text.
            JSONString.append(value.utf8, to: &object)
        }
        return object.isEmpty ? nil : (object + [UInt8(ascii: "}")])[...]
    }

    private func index(of key: JSONString, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        if key.isEscaped {
            let text = key.text(in: bytes)
            return names.firstIndex { $0 == text }
        }
        return names.firstIndex { $0.utf8.elementsEqual(bytes[key.content]) }
    }
}
