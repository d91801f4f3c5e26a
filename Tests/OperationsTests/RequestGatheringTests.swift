import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Testing

@testable import Operations

/// What has arrived in one piece is answered so; all else goes on, complete and in order.
struct RequestGatheringTests {
    private static func head(_ path: String) -> HTTPRequest {
        HTTPRequest(method: .post, scheme: "http", authority: "a", path: path)
    }
    private static let whole: [HTTPRequestPart] = [
        .head(head("/whole")), .body(ByteBuffer(string: "ab")), .body(ByteBuffer(string: "c")), .end(nil),
    ]

    @Test func inOnePiece() {
        var gathering = RequestGathering { $0.path == "/whole" }
        for part in Self.whole.dropLast() {
            guard case .wait = gathering.receive(part) else { return #expect(Bool(false), "\(part) does not wait") }
        }
        guard case .answer(let head, let body) = gathering.receive(.end(nil)) else {
            return #expect(Bool(false), "it is not answered")
        }
        #expect(head.path == "/whole" && String(buffer: body) == "abc" && gathering.isAnswering)
        gathering.answered()
        #expect(!gathering.isAnswering)
    }

    @Test func trailersAreLeftToStreams() {
        var gathering = RequestGathering { _ in true }
        for part in Self.whole.dropLast() { _ = gathering.receive(part) }
        guard case .forward(let parts) = gathering.receive(.end([.date: "x"])) else {
            return #expect(Bool(false), "it does not go on")
        }
        #expect(parts.count == 4)
    }

    /// Random requests, cut into readings at random: every part comes out once and in order, and none passes a request
    /// whose answer is not over.
    @Test(arguments: (0..<200).map { _ in UInt64.random(in: 0...UInt64.max) })
    func nothingIsLostOrOvertaken(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var gathering = RequestGathering { $0.path == "/whole" }
        var (sent, seen, streaming): ([String], [String], Int) = ([], [], 0)
        func note(_ action: RequestGathering.Action) {
            switch action {
            case .wait: break
            case .forward(let parts):
                for part in parts {
                    if case .head = part { streaming += 1 }
                    seen.append(Self.name(of: part))
                }
            case .answer(let head, let body):
                #expect(streaming == 0, "seed \(seed)")
                seen +=
                    ["head \(head.path!)"] + (body.readableBytes > 0 ? ["body \(String(buffer: body))"] : []) + ["end"]
                gathering.answered()
            }
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let isWhole = Bool.random(using: &random)
            let bodies = isWhole ? 1 : Int.random(in: 0...3, using: &random)
            let parts =
                [.head(Self.head(isWhole ? "/whole" : "/other"))]
                + (0..<bodies).map { HTTPRequestPart.body(ByteBuffer(string: "\($0)")) } + [.end(nil)]
            for part in parts {
                sent.append(Self.name(of: part))
                note(gathering.receive(part))
                if Int.random(in: 0..<4, using: &random) == 0 { note(gathering.release()) }
            }
            // An answer to a stream may be over before the next request comes, or later.
            while streaming > 0, Bool.random(using: &random) {
                gathering.streamAnswered()
                streaming -= 1
            }
        }
        note(gathering.release())
        #expect(seen == sent, "seed \(seed)")
    }

    private static func name(of part: HTTPRequestPart) -> String {
        switch part {
        case .head(let head): "head \(head.path!)"
        case .body(let body): "body \(String(buffer: body))"
        case .end: "end"
        }
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    ])
    func dates(second: Int, text: String) {
        #expect(HTTPDate().text(at: second) == text)
    }
}
