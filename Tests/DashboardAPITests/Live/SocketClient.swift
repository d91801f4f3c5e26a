import Foundation
import TestSupport
import Testing

/// A WebSocket client that sends what it is told, right or wrong. Knows no code of the product.
final class SocketClient {
    struct Frame: Equatable {
        var opcode: UInt8
        var data: [UInt8]

        /// Of a close frame: why.
        var code: Int? { opcode == 8 && data.count >= 2 ? Int(data[0]) << 8 | Int(data[1]) : nil }
    }

    struct TimedOut: Error {}

    static let text: UInt8 = 1
    static let close: UInt8 = 8
    static let ping: UInt8 = 9
    static let pong: UInt8 = 10

    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private(set) var isClosed = false
    /// The head of the answer to the handshake.
    private(set) var head = ""

    /// Connects and shakes hands.
    /// - Parameter fields: those of the handshake that are to be others; `nil` leaves one out.
    init(_ port: Int, _ fields: [String: String?] = [:]) async throws {
        // A small buffer: a server soon notices who does not read.
        descriptor = try #require(connectedSocket(to: port, receiveBuffer: 4096))
        let usual: [String: String?] = [
            "Host": "127.0.0.1:\(port)", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
        ]
        let lines = usual.merging(fields) { $1 }.compactMap { name, value in value.map { "\(name): \($0)\r\n" } }
        write(Array("GET /api/analytics/live HTTP/1.1\r\n\(lines.joined())\r\n".utf8))
        let end = Array("\r\n\r\n".utf8)
        while bytes.firstRange(of: end) == nil, !isClosed { try await receive() }
        let range = bytes.firstRange(of: end) ?? bytes.endIndex..<bytes.endIndex
        head = String(decoding: bytes[..<range.lowerBound], as: UTF8.self)
        bytes.removeSubrange(..<range.upperBound)
    }

    deinit { Foundation.close(descriptor) }

    /// The status of the answer.
    var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    /// Sends a frame.
    func send(_ opcode: UInt8, _ data: [UInt8] = [], isMasked: Bool = true) {
        var frame = [0x80 | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        if data.count < 126 {
            frame.append(mask | UInt8(data.count))
        } else {
            frame += [mask | 126, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
        }
        let key: [UInt8] = isMasked ? [1, 2, 3, 4] : []
        frame += key
        frame += data.enumerated().map { isMasked ? $1 ^ key[$0 % 4] : $1 }
        write(frame)
    }

    /// The next frame; `nil` once the server has closed.
    func next() async throws -> Frame? {
        while true {
            if let frame = parse() { return frame }
            if isClosed { return nil }
            try await receive()
        }
    }

    /// The first frame of a kind.
    func next(_ opcode: UInt8) async throws -> Frame? {
        while let frame = try await next() { if frame.opcode == opcode { return frame } }
        return nil
    }

    private func parse() -> Frame? {
        guard bytes.count >= 2 else { return nil }
        var (length, start) = (Int(bytes[1] & 0x7F), 2)
        let wide = length == 126 ? 2 : length == 127 ? 8 : 0
        guard bytes.count >= start + wide else { return nil }
        if wide > 0 {
            length = bytes[2..<2 + wide].reduce(0) { $0 << 8 | Int($1) }
            start += wide
        }
        guard bytes.count >= start + length else { return nil }
        defer { bytes.removeSubrange(..<(start + length)) }
        return Frame(opcode: bytes[0] & 0x0F, data: Array(bytes[start..<start + length]))
    }

    private func receive(within limit: Duration = .seconds(120)) async throws {
        let deadline = ContinuousClock.now + limit
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while .now < deadline {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return bytes += buffer[..<count] }
            if count == 0 || errno != EAGAIN {
                isClosed = true
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TimedOut()
    }

    private func write(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes {
            Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }
}
