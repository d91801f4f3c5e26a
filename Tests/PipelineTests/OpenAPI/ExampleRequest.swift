import Foundation
import TestSupport

/// A request as an example of a document has it.
struct ExampleRequest {
    var operation: APIDescription.Operation
    /// Of a path with parameters: with their values.
    var path: String?
    var query = ""
    var headers: [String: String] = [:]
    var body: [UInt8]?
    /// What failures call it.
    var name: String

    func send(to server: String) async throws -> Answer {
        try await request(
            operation.method, server + (path ?? operation.path) + (query.isEmpty ? "" : "?" + query), headers: headers,
            body: body
        )
    }
}

extension APIDescription {
    /// For each operation: a request with each example of a body and the required parameters only, and with each
    /// value of each parameter besides. An operation whose parameters exclude each other has its requests written down
    /// in `x-requests`.
    func exampleRequests() throws -> [ExampleRequest] {
        try operations.flatMap { operation in
            if let written = operation.node["x-requests"] as? [[String: String]] {
                return written.map { ExampleRequest(operation, written: $0) }
            }
            let bodies = try bodies(of: operation)
            let parameters = (operation.node["parameters"] as? [Any] ?? []).map { resolved($0) }
            let (required, optional) = (parameters.filter(isRequired), parameters.filter { !isRequired($0) })
            var requests: [ExampleRequest] = []
            for var request in bodies {
                for parameter in required { try request.add(parameter, values(of: parameter)[0]) }
                requests.append(request)
                // All at once, and each value of those that have several.
                let counts = try optional.map { try values(of: $0).count }
                for index in 0..<(counts.max() ?? 0) {
                    var full = request
                    for parameter in optional {
                        let values = try values(of: parameter)
                        try full.add(parameter, values[min(index, values.count - 1)])
                    }
                    requests.append(full)
                }
            }
            return requests
        }
    }

    private func isRequired(_ parameter: [String: Any]) -> Bool { parameter["required"] as? Bool == true }

    /// A parameter's examples as texts; every parameter must have one.
    private func values(of parameter: [String: Any]) throws -> [String] {
        let examples = (parameter["examples"] as? [String: [String: Any]] ?? [:]).sorted { $0.key < $1.key }
        let values = examples.compactMap { $0.value["value"] } + [parameter["example"]].compactMap(\.self)
        guard !values.isEmpty else { throw PipelineFailure("no example: \(parameter["name"] ?? "")") }
        return values.map { "\($0)" }
    }

    private func bodies(of operation: Operation) throws -> [ExampleRequest] {
        let name = "\(operation.method) \(operation.path)"
        let content = members(resolved(operation.node["requestBody"]), "content").sorted { $0.key < $1.key }
        guard !content.isEmpty else { return [ExampleRequest(operation: operation, name: name)] }
        return try content.flatMap { type, media in
            let examples = members(media, "examples").sorted { $0.key < $1.key }
            guard !examples.isEmpty else { throw PipelineFailure("no example: \(name) \(type)") }
            return try examples.map { example, node in
                ExampleRequest(
                    operation: operation, headers: ["content-type": type],
                    body: try bytes(node["value"] ?? "", type), name: "\(name) \(example)")
            }
        }
    }

    /// A value of a JSON type as JSON; of any other it is the text itself.
    private func bytes(_ value: Any, _ type: String) throws -> [UInt8] {
        type.hasSuffix("json") && type != "application/x-ndjson"
            ? Array(try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed))
            : Array("\(value)".utf8)
    }
}

extension ExampleRequest {
    /// A request with these parameters and no others.
    fileprivate init(_ operation: APIDescription.Operation, written: [String: String]) {
        var path = operation.path
        var query: [String] = []
        for (name, value) in written.sorted(by: { $0.key < $1.key }) {
            let escaped = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
            if path.contains("{\(name)}") {
                path.replace("{\(name)}", with: escaped)
            } else {
                query.append("\(name)=\(escaped)")
            }
        }
        self.init(
            operation: operation, path: path, query: query.joined(separator: "&"),
            name: "\(operation.method) \(path) \(written)")
    }

    fileprivate mutating func add(_ parameter: [String: Any], _ value: String) throws {
        let name = parameter["name"] as? String ?? ""
        self.name += " \(name)=\(value)"
        guard parameter["in"] as? String == "query" else {
            headers[name] = value
            if name == "Content-Encoding" { body = try compressed(body ?? [], by: value) }
            return
        }
        let allowed = CharacterSet.alphanumerics
        query += (query.isEmpty ? "" : "&") + "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed)!)"
    }
}

/// Compresses by the program of a coding's name.
func compressed(_ bytes: [UInt8], by coding: String) throws -> [UInt8] {
    let (process, input, output) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [coding, "-c"]
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: bytes)
    try input.fileHandleForWriting.close()
    let result = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PipelineFailure("\(coding) failed") }
    return Array(result)
}
