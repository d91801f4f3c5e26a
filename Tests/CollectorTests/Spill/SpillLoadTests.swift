import Stores
import Synchronization
import Testing

@testable import Collector
@testable import StoreModels

/// Clients side by side while the log comes and goes.
struct SpillLoadTests {
    @Test func orderIsKeptAndNothingIsLostWhateverFails() async throws {
        var random = SeededRandom.announced()
        try await SpillWorld.with(partitions: 6) { world in
            try await world.withService {
                let end = EndOfLoad()
                try await withThrowingTaskGroup(of: (String, [Int]).self) { group in
                    for client in 0..<8 {
                        group.addTask { try await send(client, world, until: end) }
                    }
                    for _ in 0..<40 {
                        world.kafka.set(fault(&random))
                        try await Task.sleep(for: .milliseconds(Int.random(in: 1...40, using: &random)))
                    }
                    world.kafka.set(.none)
                    world.store.set(.none)
                    // Under load, without a pause that would let the spill run empty by itself.
                    try await eventually("all lanes are back at the log") {
                        world.spill.state.records == 0 && !world.spill.state.isLogDown
                            && world.spill.state.lanes.allSatisfy { !$0.isSpilling }
                    }
                    end.come()
                    for try await (user, acknowledged) in group {
                        try await check(world, user, acknowledged)
                    }
                }
            }
        }
    }

    private func fault(_ random: inout SeededRandom) -> FaultyLog.Fault {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .down(.timedOut)
        case 1: .silent
        case 2: .leaderless([Int32.random(in: 0..<6, using: &random)])
        case 3: .down(.queueFull)
        default: .none
        }
    }

    /// One client: a request after the other, each with two events of its own user and some of others'.
    private func send(
        _ client: Int, _ world: SpillWorld, until end: EndOfLoad
    ) async throws -> (String, [Int]) {
        var (acknowledged, number) = ([Int](), 0)
        while !end.hasCome {
            let own = [("user \(client)", "\(number)"), ("user \(client)", "\(number + 1)")]
            let others = (0..<8).map { ("other \(client).\($0)", "\(number)") }
            do {
                try await world.append(own + others)
                acknowledged += [number, number + 1]
            } catch is EventLogError {
                // 503: not acknowledged, and the client goes on after a while. Without one, eight clients that are
                // refused at once would leave no thread to anybody else.
                try await Task.sleep(for: .milliseconds(1))
            }
            number += 2
        }
        return ("user \(client)", acknowledged)
    }

    private func check(_ world: SpillWorld, _ user: String, _ acknowledged: [Int]) async throws {
        var (seen, order) = (Set<Int>(), [Int]())
        let wanted = Set(acknowledged)
        for value in try await world.values(of: user).compactMap({ Int($0) }) where wanted.contains(value) {
            if seen.insert(value).inserted { order.append(value) }
        }
        #expect(acknowledged.count > 20, "the test did something")
        #expect(order == acknowledged, "first occurrences, in the order of the client")
    }
}

/// Tells clients to stop.
private final class EndOfLoad: Sendable {
    private let flag = Atomic(false)
    var hasCome: Bool { flag.load(ordering: .relaxed) }
    func come() { flag.store(true, ordering: .relaxed) }
}
