import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Has a command carried out by the `serve` that runs on the directory.
struct CommandClient {
    let directory: String

    /// Returns when the command has succeeded there.
    /// - Throws: `ExitCode`, the command's own or, where `serve` cannot be reached, 69 (EX_UNAVAILABLE).
    func run(_ arguments: [String], _ terminal: StandardTerminal) async throws {
        let status: Int32
        do {
            status = try await CommandSocket.withPath(in: directory) { path in
                try await exchange(arguments, path, terminal)
            }
        } catch {
            await terminal.say(
                "the directory \(directory) is in use by a process that takes no commands: \(error)")
            throw ExitCode(69)
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func exchange(_ arguments: [String], _ path: String, _ terminal: StandardTerminal) async throws -> Int32 {
        let address = path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        var request = HTTPClientRequest(url: "http+unix://\(address)/commands")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        let body = CommandRequest(arguments: arguments, directory: terminal.directory)
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        let response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
        guard response.status == .ok else { throw CommandFailure(status: response.status.code) }
        var rest = ByteBuffer()
        for try await var part in response.body {
            rest.writeBuffer(&part)
            while let line = rest.readLine() {
                if let status = try await take(line, terminal) { return status }
            }
        }
        throw CommandFailure(status: nil)
    }

    /// - Returns: the exit status, with the last message.
    private func take(_ line: ByteBuffer, _ terminal: StandardTerminal) async throws -> Int32? {
        switch try JSONDecoder().decode(CommandMessage.self, from: Data(line.readableBytesView)) {
        case .output(let text): await terminal.print(text)
        case .note(let text): await terminal.say(text)
        case .progress(let progress): await terminal.show(progress)
        case .exit(let status): return status
        }
        return nil
    }
}

/// An answer that was none, or that broke off.
private struct CommandFailure: Error, CustomStringConvertible {
    var status: UInt?
    var description: String { status.map { "it answered \($0)" } ?? "it ended before the command did" }
}

extension ByteBuffer {
    /// The bytes up to the next line feed, which goes with them; `nil` where there is none yet.
    fileprivate mutating func readLine() -> ByteBuffer? {
        guard let end = readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = readSlice(length: end - readerIndex)
        moveReaderIndex(forwardBy: 1)
        return line
    }
}
