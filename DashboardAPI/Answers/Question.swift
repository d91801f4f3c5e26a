import Stores

/// What an analyst asks: read from parameters, answered from one commit of the rollups.
protocol Question: Sendable {
    associatedtype Content: Answer

    /// The names of all parameters.
    static var parameters: Set<String> { get }

    /// Reads a question.
    /// - Parameter timeZone: the one that rollups are cut in.
    /// - Throws: `Problem` naming the parameter and what is allowed.
    init(_ parameters: QueryParameters, timeZone: String) throws

    /// The source asked for; `nil`: all that the caller may see.
    var source: String? { get }

    /// What was understood, defaults included: every answer repeats it. The same texts, the same question.
    var understood: [Understood] { get }

    /// - Throws: `Problem` where it cannot be answered exactly; `DatabaseError`.
    func answer(from reader: any RollupReader) async throws -> Content
}

/// One parameter as it was understood.
struct Understood: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
        /// Said to be absent.
        case none
    }

    let name: StaticString
    let value: Value
    /// Whether it could be asked for otherwise; else it is only said.
    var isParameter = true

    init(_ name: StaticString, _ text: String?) { (self.name, value) = (name, text.map { .text($0) } ?? .none) }
    init(_ name: StaticString, _ number: Int) { (self.name, value) = (name, .number(number)) }

    /// Something that is said and cannot be asked for.
    init(saying name: StaticString, _ text: String) {
        self.init(name, text)
        isParameter = false
    }

    static func == (left: Understood, right: Understood) -> Bool {
        left.name.description == right.name.description && left.value == right.value
    }

    func write(to json: inout JSONObject) {
        switch value {
        case .text(let text): json.member(name, text)
        case .number(let number): json.member(name, Int64(number))
        case .none: json.member(name, String?.none)
        }
    }
}

extension [Understood] {
    /// As the query of an address, escaped.
    var query: String {
        filter(\.isParameter).compactMap { item in
            switch item.value {
            case .text(let text): "\(item.name)=\(escaped(text))"
            case .number(let number): "\(item.name)=\(number)"
            case .none: nil
            }
        }.joined(separator: "&")
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch UInt8(byte) {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                escaped.unicodeScalars.append(UnicodeScalar(byte))
            default:
                escaped += byte < 16 ? "%0" : "%"
                escaped += String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}

/// The numbers of an answer.
protocol Answer: Sendable {
    /// Adds the members of the answer to those of the question.
    func write(to json: inout JSONObject)

    /// The same as a table.
    var csv: String { get }
}
