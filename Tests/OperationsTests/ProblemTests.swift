import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import Operations

@Suite struct ProblemTests {
    private struct Inner: Error, CustomStringConvertible {
        var description: String { "SECRET inner text at postgres://u:hunter2hunter2@h/d" }
    }

    private func application(logger: Logger = Logger(label: "test")) -> some ApplicationProtocol {
        let router = Router()
        router.add(middleware: ProblemMiddleware())
        router.get("problem") { _, _ -> Response in
            throw Problem(
                .tooManyRequests, code: "slow_down", detail: "a \"quoted\"\n\u{1}detail \\ ü",
                field: "events[0].userId",
                headers: [.retryAfter: "3"])
        }
        router.get("http") { _, _ -> Response in throw HTTPError(.forbidden, message: "not \"you\"") }
        router.get("inner") { _, _ -> Response in throw Inner() }
        router.get("cancelled") { _, _ -> Response in throw CancellationError() }
        router.post("upload") { request, _ -> String in
            String(try await request.body.collect(upTo: 10).readableBytes)
        }
        router.get("fine") { _, _ in "fine" }
        router.get("item/:id") { _, _ in "item" }
        router.refuseOtherMethods()
        return Application(router: router, logger: logger)
    }

    private struct Body: Decodable, Equatable {
        var type, title, code, detail: String
        var status: Int
        var field: String?
    }

    private func expect(
        _ method: HTTPRequest.Method, _ path: String, body: String? = nil, status: HTTPResponse.Status, code: String,
        logger: Logger = Logger(label: "test"), check: @Sendable @escaping (TestResponse, Body) -> Void = { _, _ in }
    ) async throws {
        try await application(logger: logger).test(.router) { client in
            try await client.execute(uri: path, method: method, body: body.map(ByteBuffer.init(string:))) { response in
                #expect(response.status == status)
                #expect(response.headers[.contentType] == "application/problem+json")
                let problem = try JSONDecoder().decode(Body.self, from: Data(response.body.readableBytesView))
                #expect(problem.status == status.code && problem.code == code && problem.type == "about:blank")
                #expect(problem.title == status.reasonPhrase)
                check(response, problem)
            }
        }
    }

    @Test func aProblemKeepsItsTextFieldAndHeaders() async throws {
        try await expect(.get, "/problem", status: .tooManyRequests, code: "slow_down") { response, body in
            #expect(response.headers[.retryAfter] == "3")
            #expect(body.detail == "a \"quoted\"\n\u{1}detail \\ ü" && body.field == "events[0].userId")
        }
    }

    @Test func anUnknownPathIsNamed() async throws {
        try await expect(.get, "/no%22thing", status: .notFound, code: "not_found") { _, body in
            #expect(body.detail.contains("/no"))
        }
    }

    @Test(arguments: ["/fine", "/item/7"]) func anotherMethodIsNotAllowed(path: String) async throws {
        try await expect(.delete, path, status: .methodNotAllowed, code: "method_not_allowed") { response, _ in
            #expect(response.headers[.allow] == "GET")
        }
    }

    /// A client would read the body as the beginning of the next answer.
    @Test(arguments: ["/fine", "/nothing"]) func aHeadIsAnsweredWithoutABody(path: String) async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: path, method: .head) { response in
                #expect([.methodNotAllowed, .notFound].contains(response.status))
                #expect(response.body.readableBytes == 0)
                #expect(response.headers[.contentLength].flatMap { Int($0) } ?? 0 > 0)
            }
        }
    }

    @Test func theMessageOfAnHTTPErrorIsForTheClient() async throws {
        try await expect(.get, "/http", status: .forbidden, code: "forbidden") { _, body in
            #expect(body.detail == "not \"you\"")
        }
    }

    @Test func aBodyThatIsTooLargeKeepsItsStatus() async throws {
        try await expect(
            .post, "/upload", body: "more than ten bytes", status: .contentTooLarge, code: "content_too_large")
    }

    @Test func whatIsCancelledMayBeRepeated() async throws {
        try await expect(.get, "/cancelled", status: .serviceUnavailable, code: "unavailable")
    }

    @Test func aFaultOfOursIsLoggedAndNotTold() async throws {
        let sink = MemorySink()
        let logger = Logger(label: "http") { JSONLogHandler(label: $0, role: "r", level: .info, sink: sink) }
        try await expect(.get, "/inner", status: .internalServerError, code: "internal_error", logger: logger) {
            response, _ in
            #expect(!String(buffer: response.body).contains("SECRET"))
        }
        let line = try #require(sink.lines.first { $0.contains("request failed") })
        #expect(line.contains("SECRET inner text") && !line.contains("hunter2"))
    }

    @Test func whatSucceedsIsLeftAlone() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/fine", method: .get) { response in
                #expect(response.status == .ok && String(buffer: response.body) == "fine")
            }
        }
    }
}
