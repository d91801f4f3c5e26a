import ArgumentParser
import Foundation

/// A port that a server is going to listen on: looked at before the start, for a clear line where it is taken.
struct ServerPort {
    let url: String

    /// - Throws: `ExitCode` after saying what is in the way.
    init(_ host: String, _ port: Int, setting: String) throws {
        guard port > 0 else {
            say("\(setting)=0: give a port; the demo must know it before it starts")
            throw ExitCode(78)
        }
        let address = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        url = "http://\(address.contains(":") ? "[\(address)]" : address):\(port)"
        if Self.isTaken(port, at: host) {
            say("port \(port) is in use by another program; end that, or choose another: \(setting)=\(port + 1)")
            throw ExitCode.failure
        }
    }

    /// Whether the kernel refuses it as taken; what else may be wrong, the server says.
    private static func isTaken(_ port: Int, at host: String) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) != 0 && errno == EADDRINUSE
    }
}
