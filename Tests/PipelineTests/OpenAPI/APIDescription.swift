import Foundation
import JSONSchema

/// An OpenAPI document, as far as answers and examples are held to it.
struct APIDescription {
    /// A method of a path, and what the document says of it.
    struct Operation {
        var method: String
        var path: String
        var node: [String: Any]
    }

    let document: [String: Any]

    init(_ text: String) throws {
        document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// All operations, in order.
    var operations: [Operation] {
        let paths = (document["paths"] as? [String: [String: Any]] ?? [:]).sorted { $0.key < $1.key }
        return paths.flatMap { path, methods in
            methods.sorted { $0.key < $1.key }.compactMap { method, node in
                (node as? [String: Any]).map { Operation(method: method.uppercased(), path: path, node: $0) }
            }
        }
    }

    func operation(_ method: String, _ path: String) -> Operation? {
        operations.first { $0.method == method && $0.path == path }
    }

    /// The object itself, or the one of `components` that it refers to.
    func resolved(_ node: Any?) -> [String: Any] {
        let node = node as? [String: Any] ?? [:]
        guard let reference = node["$ref"] as? String else { return node }
        return reference.split(separator: "/").dropFirst().reduce(document) {
            $0[String($1)] as? [String: Any] ?? [:]
        }
    }

    /// What the document says of an answer; empty where it says nothing.
    func response(_ status: Int, of operation: Operation?) -> [String: Any] {
        if let node = (operation?.node["responses"] as? [String: Any])?["\(status)"] { return resolved(node) }
        // What no operation is there for.
        let others = [404: "NotFound", 405: "MethodNotAllowed", 501: "NotImplemented"]
        return resolved(["$ref": "#/components/responses/\(others[status] ?? "")"])
    }

    /// The members of an object, each resolved.
    func members(_ node: [String: Any], _ name: String) -> [String: [String: Any]] {
        (node[name] as? [String: Any] ?? [:]).mapValues { resolved($0) }
    }

    /// The rule of a schema of this document that a JSON text breaks; `nil` for a good one.
    func violation(of schema: Any, in text: some StringProtocol) throws -> String? {
        let schemas = (document["components"] as? [String: Any])?["schemas"] ?? [:]
        let whole = try JSONSerialization.data(
            withJSONObject: ["allOf": [schema], "$defs": schemas], options: .withoutEscapingSlashes)
        let standing = String(decoding: whole, as: UTF8.self).replacing("#/components/schemas/", with: "#/$defs/")
        let compiled = try JSONSchema(Array(standing.utf8))
        return try Array(text.utf8).withUnsafeBufferPointer { try compiled.violation(in: $0) }?.description
    }
}

/// Answers, held to the document.
extension APIDescription {
    /// What every answer may carry without its being said each time.
    private static let usual: Set<String> = [
        "date", "server", "connection", "vary", "content-type", "content-length", "cache-control", "keep-alive",
        "access-control-allow-origin", "access-control-expose-headers",
    ]

    /// All that an answer has and the document does not say, or the other way round.
    func violations(of answer: Answer, to operation: Operation?) throws -> [String] {
        let response = response(answer.status, of: operation)
        guard !response.isEmpty else { return ["the status is not documented"] }
        return try violations(ofBody: answer, response) + violations(ofHeaders: answer, response)
    }

    private func violations(ofBody answer: Answer, _ response: [String: Any]) throws -> [String] {
        let content = members(response, "content")
        guard !content.isEmpty else { return answer.body.isEmpty ? [] : ["a body is not documented"] }
        let type = answer.headers["content-type"].map { $0.prefix { $0 != ";" } } ?? ""
        guard let media = content[String(type)] else { return ["'\(type)' is not documented"] }
        guard let schema = media["schema"], type.hasSuffix("json") else { return [] }
        return try violation(of: schema, in: answer.body).map { [$0] } ?? []
    }

    private func violations(ofHeaders answer: Answer, _ response: [String: Any]) throws -> [String] {
        let documented = members(response, "headers")
        let names = Set(documented.keys.map { $0.lowercased() }).union(Self.usual)
        var violations = answer.headers.keys.filter { !names.contains($0) }.map { "header \($0) is not documented" }
        for (name, header) in documented {
            guard let value = answer.headers[name.lowercased()] else {
                if header["required"] as? Bool == true { violations.append("header \(name) is missing") }
                continue
            }
            let schema = header["schema"] as? [String: Any] ?? [:]
            let text = schema["type"] as? String == "integer" ? value : try quoted(value)
            if let violation = try violation(of: schema, in: text) { violations.append("header \(name) \(violation)") }
        }
        return violations
    }

    private func quoted(_ text: String) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed), as: UTF8.self)
    }
}
