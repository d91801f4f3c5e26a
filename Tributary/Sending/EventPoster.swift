import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Operations

/// Posts batches of events to a collector and repeats what was not accepted for the world's reasons: the eventIds
/// make that safe.
struct EventPoster {
    /// What a collector answered.
    struct Answer: Decodable {
        struct Result: Decodable {
            struct Failure: Decodable {
                var code: String
                var field: String
                var message: String
            }

            var index: Int
            var status: String
            var error: Failure?
        }

        var accepted: Int
        var rejected: Int
        var results: [Result]
    }

    /// How often a batch is sent, at most, before giving up.
    static let maximumTries = 12

    private let client: HTTPClient
    private let url: String
    private let writeKey: String?

    /// Posts to a collector, whose address may end with a slash.
    init(client: HTTPClient, collector: String, writeKey: String?) {
        self.client = client
        url = collector.hasSuffix("/") ? String(collector.dropLast()) : collector
        self.writeKey = writeKey
    }

    /// Posts events as one request.
    /// - Throws: `SendingError` where the collector refuses the request or stays away.
    func post(_ events: [[UInt8]]) async throws -> Answer {
        var body = ByteBuffer()
        body.writeString("[")
        for (index, event) in events.enumerated() {
            if index > 0 { body.writeString(",") }
            body.writeBytes(event)
        }
        body.writeString("]")
        return try await post(body).answer
    }

    /// Posts a body that holds events, again and again until it is answered, `Retry-After` honoured.
    /// - Returns: the answer, and how often the body was sent again.
    /// - Throws: `SendingError` where the collector refuses the request or stays away.
    func post(_ body: ByteBuffer) async throws -> (answer: Answer, retries: Int) {
        var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(10))
        var last = ""
        for retries in 0..<Self.maximumTries {
            switch await send(body) {
            case .success(let answer): return (answer, retries)
            case .failure(let error) where error.isFinal: throw error
            case .failure(let error):
                last = error.message
                try await Task.sleep(for: max(error.retryAfter ?? .zero, backoff.next()))
            }
        }
        throw SendingError(message: "gave up after \(Self.maximumTries) tries: \(last)", isFinal: true)
    }

    private func send(_ body: ByteBuffer) async -> Result<Answer, SendingError> {
        var request = HTTPClientRequest(url: "\(url)/v1/events")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let writeKey { request.headers.add(name: "authorization", value: "Bearer \(writeKey)") }
        request.body = .bytes(body)
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            let bytes = try await response.body.collect(upTo: 16 << 20)
            if let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView)),
                answer.accepted + answer.rejected > 0
            {
                return .success(answer)
            }
            return .failure(Self.failure(response, String(buffer: bytes)))
        } catch {
            return .failure(SendingError(message: "\(url) did not answer: \(error)", isFinal: false))
        }
    }

    private static func failure(_ response: HTTPClientResponse, _ text: String) -> SendingError {
        let retryAfter = response.headers.first(name: "retry-after").flatMap { Int($0) }.map { Duration.seconds($0) }
        let isFinal = ![408, 429, 500, 502, 503, 504].contains(Int(response.status.code))
        return SendingError(
            message: "the collector answered \(response.status.code): \(text.prefix(300))", isFinal: isFinal,
            retryAfter: retryAfter)
    }
}

/// Why sending stopped.
struct SendingError: Error, CustomStringConvertible {
    var message: String
    /// Whether trying again cannot help.
    var isFinal: Bool
    var retryAfter: Duration?
    var description: String { message }
}
