import Foundation
import Stores

/// A mock broker (`Tests/MockBroker`) in a process of its own, as a test starts it: on free ports, ending with
/// this process, and back on the same port after `recreate`.
public actor MockBrokerProcess {
    /// The brokers' addresses. They stay when the broker is recreated.
    public nonisolated let bootstrapServers: String
    private let port: Int
    private let brokers: Int
    private let topics: [String: Int]
    private var process: ChildProcess
    private var control: Int

    /// Starts a broker with these topics (name, number of partitions) and waits until it can be used.
    public init(brokers: Int = 1, topics: [String: Int] = [:]) async throws {
        let (process, bootstrap, control) = try await Self.start(port: 0, brokers: brokers, topics: topics)
        (self.process, self.brokers, self.topics, self.control) = (process, brokers, topics, control)
        bootstrapServers = bootstrap
        port = bootstrap.split(separator: ",").first?.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }

    /// Kills it and starts an empty one at the same address. Only for one broker: more were given any ports.
    public func recreate() async throws {
        stop()
        (process, _, control) = try await Self.start(port: port, brokers: brokers, topics: topics)
    }

    /// Kills it.
    public func stop() { process.stop() }

    /// The process, for signals.
    public var child: ChildProcess { process }

    /// Gives a line to the control channel, such as `down 1`; throws unless the answer is `ok`.
    public func command(_ line: String) throws {
        let answer = try ask(port: control, line)
        guard answer == "ok" else { throw ChildProcess.Failure(description: "\(line): \(answer)") }
    }

    private static func start(
        port: Int, brokers: Int, topics: [String: Int]
    ) async throws -> (ChildProcess, bootstrap: String, control: Int) {
        var arguments = ["--exit-with-parent", "--port", "\(port)", "--brokers", "\(brokers)"]
        for (name, partitions) in topics.sorted(by: { $0.key < $1.key }) {
            arguments += ["--topic", "\(name):\(partitions)"]
        }
        let process = try ChildProcess(productPath("mock-broker"), arguments)
        let line = try await process.line(within: .seconds(10)) { $0.hasPrefix("ready ") }
        let words = line.split(separator: " ").dropFirst().map { $0.split(separator: "=", maxSplits: 1).last ?? "" }
        guard words.count == 2, let control = words[1].split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ChildProcess.Failure(description: "not understood: \(line)")
        }
        return (process, String(words[0]), control)
    }
}

/// Where a product of this package was built: beside the test bundle, or in `TRIBUTARY_PRODUCTS_DIR`. (The mock
/// broker does not run under the sanitizers, which want `bind` for themselves: their runs take the plain one.)
public func productPath(_ name: String) -> String {
    if let directory = ProcessInfo.processInfo.environment["TRIBUTARY_PRODUCTS_DIR"] { return "\(directory)/\(name)" }
    let running = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }.map { URL(filePath: $0) }
    let candidates = [bundle, running].compactMap { $0?.deletingLastPathComponent().appending(path: name).path() }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
}

/// One line out, one line in, over TCP on the loopback.
private func ask(port: Int, _ line: String) throws -> String {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(connection, $0, size) == 0 }
    }
    guard isConnected else { throw ChildProcess.Failure(description: "nobody listens on port \(port)") }
    let bytes = Array((line + "\n").utf8)
    send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while recv(connection, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { answer.append(byte) }
    return String(decoding: answer, as: UTF8.self)
}
