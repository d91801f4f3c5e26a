import Foundation
import Traffic

/// Prints the events that would be sent, one a line.
struct DryRun {
    private static let chunk = 1 << 20

    let plan: TrafficPlan
    let limit: Int?
    let expect: String?

    func run() throws {
        var generator = TrafficGenerator(plan, limit: limit)
        var census = expect == nil ? nil : TrafficCensus()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.chunk + 4096)
        while let event = generator.next(into: &bytes) {
            bytes.append(UInt8(ascii: "\n"))
            census?.add(event)
            if bytes.count >= Self.chunk {
                guard write(bytes) else { return }
                bytes.removeAll(keepingCapacity: true)
            }
        }
        guard write(bytes) else { return }
        if let expect { try census?.write(to: expect) }
    }

    /// False where nobody reads on: `… | head` is no failure.
    private func write(_ bytes: [UInt8]) -> Bool {
        (try? FileHandle.standardOutput.write(contentsOf: bytes)) != nil
    }
}
