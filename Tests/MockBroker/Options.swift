/// The command line, parsed by hand: seven options are not worth a package.
struct Options {
    static let usage = """
        usage: mock-broker [--port P] [--brokers N] [--control-port C] [--topic NAME:PARTITIONS ...]
                           [--exit-with-parent]
          --port P            first broker's port on 127.0.0.1, the next brokers follow; 0 (default): any
          --brokers N         number of brokers (1)
          --control-port C    port of the fault-injection channel; 0 (default): any
          --topic NAME:N      creates a topic; others come into being with 4 partitions when first asked for
          --exit-with-parent  ends when standard input does
        """

    var port: UInt16 = 0
    var brokers: Int32 = 1
    var controlPort: UInt16 = 0
    var topics: [(name: String, partitions: Int32)] = []
    var exitsWithParent = false
    var help = false

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let option = rest.next() {
            switch option {
            case "--port": port = try Self.number(option, rest.next())
            case "--brokers": brokers = try Self.number(option, rest.next())
            case "--control-port": controlPort = try Self.number(option, rest.next())
            case "--topic": topics.append(try Self.topic(rest.next()))
            case "--exit-with-parent": exitsWithParent = true
            case "--help", "-h": help = true
            default: throw Problem("unknown option \(option)")
            }
        }
        guard (1...100).contains(brokers) else { throw Problem("--brokers: 1 to 100") }
    }

    private static func number<Number: FixedWidthInteger>(_ option: String, _ text: String?) throws -> Number {
        guard let text, let number = Number(text) else {
            throw Problem("\(option): a number from \(Number.min) to \(Number.max)")
        }
        return number
    }

    private static func topic(_ text: String?) throws -> (name: String, partitions: Int32) {
        guard let text, let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let partitions = Int32(text[text.index(after: colon)...]), partitions > 0
        else { throw Problem("--topic: NAME:PARTITIONS") }
        return (String(text[..<colon]), partitions)
    }
}

/// What is wrong, for the person who asked.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
