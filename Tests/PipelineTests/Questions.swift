import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// An answer of `/api/analytics/visitors`.
struct Visitors: Decodable, Equatable {
    struct Point: Decodable, Equatable {
        var start: String
        var visitors: Int64
        var events: Int64
    }

    var visitors: Int64
    var events: Int64
    var exact: Bool
    var completeThrough: String?
    var revision: Int64
    var series: [Point]?
}

/// An HTTP answer.
struct Answer {
    var status: Int
    var headers: [String: String]
    var body: String
}

/// Asks for a path; throws only where nothing answers.
func get(_ url: String, headers: [String: String] = [:]) async throws -> Answer {
    try await send(HTTPClientRequest(url: url), headers)
}

/// Posts a body.
func post(_ url: String, _ body: String, headers: [String: String] = [:]) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.body = .bytes(ByteBuffer(string: body))
    return try await send(request, ["content-type": "application/json"].merging(headers) { $1 })
}

/// Sends a request of any method.
func request(_ method: String, _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil) async throws
    -> Answer
{
    var request = HTTPClientRequest(url: url)
    request.method = HTTPMethod(rawValue: method)
    request.body = body.map { .bytes(ByteBuffer(bytes: $0)) }
    return try await send(request, headers)
}

private func send(_ request: HTTPClientRequest, _ headers: [String: String]) async throws -> Answer {
    var request = request
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let body = try await response.body.collect(upTo: 16 << 20)
    let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
    return Answer(
        status: Int(response.status.code), headers: Dictionary(fields) { first, _ in first }, body: String(buffer: body)
    )
}

extension Pipeline.Role {
    /// Asks for visitors.
    func visitors(_ query: String) async throws -> Visitors {
        let answer = try await get("\(url)/api/analytics/visitors?\(query)")
        guard answer.status == 200 else { throw PipelineFailure("\(query): \(answer.status) \(answer.body)") }
        return try JSONDecoder().decode(Visitors.self, from: Data(answer.body.utf8))
    }

    /// Waits until everything received before now has been folded.
    func waitUntilComplete(within limit: Duration = .seconds(120)) async throws {
        let now = Date()
        try await eventually(within: limit, "completeThrough passes \(now)") {
            guard let text = try await visitors("date=2015-05-17").completeThrough else { return false }
            let parsed = try Date(text, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
            return parsed >= now
        }
    }
}
