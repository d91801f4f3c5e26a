public import Glibc
import Synchronization

/// Gives the mock's listeners the ports that were asked for.
///
/// librdkafka's mock binds every broker to port 0 and advertises what it got. A broker that is started again must
/// come back at the same address, since running clients keep theirs. The mock calls `bind` through the dynamic
/// linker, and a definition in the executable comes before the C library's: this one puts the next wished port
/// in place of a 0 and passes everything on. For that, the executable is linked with
/// `--export-dynamic-symbol=bind`, and the function is public: else an optimised build makes it local.
enum WishedPort {
    /// The ports for the next calls of `bind`; there are some only while a cluster is being made.
    fileprivate static let next = Mutex<[UInt16]>([])

    /// Runs `body`, during which the n-th listener gets `first + n`. With 0, the system chooses, as ever.
    ///
    /// The listeners' connections answer without Nagle's delay: the mock writes many small answers, and the clients'
    /// delayed acknowledgements would cost 40 ms each time.
    static func from<Result>(_ first: UInt16, count: Int, _ body: () throws -> Result) rethrows -> Result {
        next.withLock { $0 = (0..<count).map { first == 0 ? 0 : first + UInt16($0) } }
        defer { next.withLock { $0 = [] } }
        return try body()
    }

    /// The C library's own `bind`.
    fileprivate static let system: Bind = {
        let next = UnsafeMutableRawPointer(bitPattern: -1)  // RTLD_NEXT, a macro that Swift does not import
        return unsafeBitCast(dlsym(next, "bind"), to: Bind.self)
    }()

    fileprivate typealias Bind = @convention(c) (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
}

@_cdecl("bind")
public func bindToWishedPort(_ socket: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> Int32 {
    guard let address, address.pointee.sa_family == sa_family_t(AF_INET), length >= MemoryLayout<sockaddr_in>.size
    else { return WishedPort.system(socket, address, length) }
    var wanted = UnsafeRawPointer(address).load(as: sockaddr_in.self)
    if wanted.sin_port == 0, let port = WishedPort.next.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        wanted.sin_port = port.bigEndian
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Connections of the broker before may still linger in TIME_WAIT.
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, size)
        // Accepted connections inherit it.
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
    }
    return withUnsafeBytes(of: &wanted) {
        WishedPort.system(socket, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
    }
}
