import Foundation
import Synchronization
import TestSupport

/// Clients that send events until each is acknowledged, and write down what they sent: one JSON object a line, for a
/// recount that knows nothing of the product.
final class ChaosLoad: Sendable {
    /// What was sent, a line an event; of repetitions only the first.
    let file: String
    private let state: Mutex<State>

    private struct State {
        var handle: FileHandle
        var isPaused = true
        var isOver = false
        var waiting = 0
        var sent = 0
        var refusals = 0
        var spilled = 0
    }

    /// So many clients, each with users of its own.
    let clients: Int

    init(file: String, clients: Int) throws {
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: file) else { throw PipelineFailure("cannot write \(file)") }
        (self.file, self.clients) = (file, clients)
        state = Mutex(State(handle: handle))
    }

    /// Distinct events acknowledged, answers that were none or bad, and requests whose events went to the spill.
    var figures: (sent: Int, refusals: Int, spilled: Int) {
        state.withLock { ($0.sent, $0.refusals, $0.spilled) }
    }

    func resume() { state.withLock { $0.isPaused = false } }

    /// Lets the clients finish what they are sending, and returns when all have.
    func pause() async throws {
        state.withLock { $0.isPaused = true }
        try await eventually(within: .seconds(120), "all clients have come to rest") {
            state.withLock { $0.waiting == clients }
        }
    }

    func end() { state.withLock { $0.isOver = true } }

    /// One client's work until `end`.
    /// - Parameter url: the collector's address, which stays the same when it is started again.
    func send(_ client: Int, to url: String, seed: UInt64) async {
        var random = SplitMix64(seed: seed &+ UInt64(client))
        var (number, earlier) = (0, [String]())
        while await mayGoOn() {
            let count = Int.random(in: 1...40, using: &random)
            var events: [String] = []
            for _ in 0..<count {
                // One in twenty is sent a second time: it must not count.
                if let again = earlier.randomElement(using: &random), Int.random(in: 0..<20, using: &random) == 0 {
                    events.append(again)
                } else {
                    number += 1
                    events.append(Self.event("c\(client)-\(number)", client, &random))
                }
            }
            await deliver(events, to: url)
            note(events.filter { !earlier.contains($0) })
            earlier = (earlier + events).suffix(200)
            try? await Task.sleep(for: .milliseconds(Int.random(in: 200...1_000, using: &random)))
        }
    }

    /// Sends until it is acknowledged as a whole.
    private func deliver(_ events: [String], to url: String) async {
        let body = "[\(events.joined(separator: ","))]"
        while true {
            if let answer = try? await post("\(url)/v1/events", body), answer.status == 202,
                answer.body.contains(#""accepted":\#(events.count),"#)
            {
                if answer.body.contains(#""durability":"spill""#) { state.withLock { $0.spilled += 1 } }
                return
            }
            state.withLock { $0.refusals += 1 }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    private func note(_ events: [String]) {
        let fresh = Set(events)
        let lines = Data(fresh.sorted().map { $0 + "\n" }.joined().utf8)
        state.withLock { state in
            state.handle.write(lines)
            state.sent += fresh.count
        }
    }

    private func mayGoOn() async -> Bool {
        var isWaiting = false
        while true {
            let (isOver, isPaused) = state.withLock { state in
                if state.isPaused != isWaiting { state.waiting += state.isPaused ? 1 : -1 }
                return (state.isOver, state.isPaused)
            }
            isWaiting = isPaused
            if isOver { return false }
            if !isPaused { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// An event of one of the two weeks that the tests ask about.
    private static func event(_ id: String, _ client: Int, _ random: inout SplitMix64) -> String {
        let (day, second) = (Int.random(in: 11...24, using: &random), Int.random(in: 0..<86_400, using: &random))
        let time = String(format: "2015-05-%02dT%02d:%02d:%02dZ", day, second / 3600, second / 60 % 60, second % 60)
        let user = "user-\(client)-\(Int.random(in: 0..<3000, using: &random))"
        let type = ["page_view", "click", "sign_up"].randomElement(using: &random)!
        return #"{"eventId":"\#(id)","userId":"\#(user)","eventType":"\#(type)","timestamp":"\#(time)"}"#
    }
}
