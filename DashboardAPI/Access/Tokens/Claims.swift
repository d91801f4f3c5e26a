import Foundation

/// What a token says.
struct Claims: Sendable {
    private let members: [String: ClaimValue]

    /// - Throws: where this is not the JSON of an object.
    init(_ json: Data) throws(TokenFault) {
        guard isShallowObject(json), let members = try? JSONDecoder().decode([String: ClaimValue].self, from: json)
        else { throw .malformed }
        self.members = members
    }

    subscript(name: String) -> ClaimValue? { members[name] }

    /// The claim of that name, which may hold dots and colons, else what lies at the end of a path with dots.
    subscript(path path: String) -> ClaimValue? {
        if let value = members[path] { return value }
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        return names.dropFirst().reduce(members[names[0]]) { value, name in
            if case .object(let members)? = value { members[name] } else { nil }
        }
    }
}

/// The value of a claim.
enum ClaimValue: Sendable, Equatable, Decodable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case list([ClaimValue])
    case object([String: ClaimValue])
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ClaimValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ClaimValue].self))
        }
    }

    /// The text that it is.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// The text that it is, or the texts of a list.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let values): values.compactMap(\.text)
        default: []
        }
    }

    /// The same, where one text may be several words with spaces or commas between, as in `scope`.
    var words: [String] {
        guard case .text(let text) = self else { return texts }
        return text.split { $0 == " " || $0 == "," }.map(String.init)
    }
}
