import Events
import Foundation
import HTTPTypes
import Hummingbird
import Operations

/// The parameters of a request's address. Most requests have none, and pay nothing.
struct Query: Sendable {
    /// The parameters in order.
    let parameters: [(name: String, value: String)]

    init(_ request: Request) {
        parameters = request.uri.query.map(Self.parse) ?? []
    }

    /// Where a `+` is what it is, though forms write it for a space: no space has a place in these.
    private static let literal: Set<String> = ["key", "sentAt", "timestamp"]

    private static func parse(_ query: String) -> [(name: String, value: String)] {
        query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = decoded(parts[0], isForm: true)
            return (name, parts.count < 2 ? "" : decoded(parts[1], isForm: !literal.contains(name)))
        }
    }

    /// A text that is not well encoded is taken as it stands.
    private static func decoded(_ text: Substring, isForm: Bool) -> String {
        let text = String(isForm ? text.replacing("+", with: " ") : text)
        return text.removingPercentEncoding ?? text
    }

    /// The first value of a parameter.
    subscript(name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    /// When the client sent the request, by its own clock: for bodies that cannot tell, such as arrays and lines.
    func sentAt() throws -> Int64? {
        guard let text = self["sentAt"] else { return nil }
        guard let time = Int64(text) ?? Timestamp.parse(text.utf8), (0...Timestamp.maximum).contains(time) else {
            let rule = "must be an RFC 3339 date-time with offset, or integer milliseconds since 1970"
            throw Problem(.wrongParameter(code: "invalid_format", name: "sentAt", rule))
        }
        return time
    }
}
