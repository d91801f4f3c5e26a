import Foundation
import TestSupport

/// Sends a text as it is to a port of this machine, and reads one answer, up to the end of the connection.
func exchange(port: Int, _ text: String) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try blockingExchange(port, Array(text.utf8)) }) }
    }
}

private func blockingExchange(_ port: Int, _ bytes: [UInt8]) throws -> Answer {
    guard let descriptor = connectedSocket(to: port) else { throw PipelineFailure("nobody listens on \(port)") }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var (received, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { received += buffer[..<count] }
    return try Answer(parsing: String(decoding: received, as: UTF8.self))
}

extension Answer {
    /// An answer with a length, of HTTP/1.1.
    fileprivate init(parsing text: String) throws {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = (parts.first ?? "").split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw PipelineFailure("no answer: \(text)")
        }
        let fields = lines.dropFirst().map { line in
            let pair = line.split(separator: ":", maxSplits: 1)
            return (pair[0].lowercased(), pair.count < 2 ? "" : pair[1].trimmingCharacters(in: .whitespaces))
        }
        self.init(
            status: status, headers: Dictionary(fields) { first, _ in first },
            body: parts.count < 2 ? "" : String(parts[1]))
    }
}
