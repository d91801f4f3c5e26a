import Foundation

/// The other parser: a process that answers batches.
final class Oracle {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var rest = Data()

    init(script: String) throws {
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [script]
        (process.standardInput, process.standardOutput) = (input, output)
        // The sanitizer's settings are not for it.
        process.environment = ["PATH": "/usr/bin:/bin"]
        try process.run()
    }

    struct Ended: Error, CustomStringConvertible { let description = "the other parser has ended" }

    /// What it says of each text, and of what was made of its metadata. The answers of one batch fit into a pipe.
    func judge(_ batch: [(text: [UInt8], rewritten: [UInt8])]) throws -> [String] {
        var message = Self.number(batch.count)
        for (text, rewritten) in batch {
            message += Self.number(text.count) + text + Self.number(rewritten.count) + rewritten
        }
        try input.fileHandleForWriting.write(contentsOf: Data(message))
        return try (0..<batch.count).map { _ in try line() }
    }

    private static func number(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(value).littleEndian) { Array($0) }
    }

    private func line() throws -> String {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest = rest[(end + 1)...] }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Ended() }
            rest = Data(rest) + more
        }
    }
}
