import Glibc
public import NIOCore

/// An IP address as a number. An IPv4 address is the same one where it comes inside IPv6, as `::ffff:a.b.c.d`.
public struct IPAddress: Hashable, Sendable {
    /// The 128 bits of the IPv6 form.
    let bits: UInt128
    private static let mapped: UInt128 = 0xFFFF << 32

    init(bits: UInt128) { self.bits = bits }

    /// Reads an address without port, brackets or zone; `nil` for any other text.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        // C reads up to a NUL and would not see what follows it.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            return nil
        }
    }

    /// The address of a connection's end; `nil` for a local socket.
    public init?(_ address: SocketAddress) {
        let bits = address.withSockAddr { pointer, size -> UInt128? in
            // `sin_addr` begins at byte 4, `sin6_addr` at byte 8, both in network order.
            let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
            return switch address {
            case .v4: Self.mapped | UInt128(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            case .v6: UInt128(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt128.self))
            case .unixDomainSocket: nil
            }
        }
        guard let bits else { return nil }
        self.bits = bits
    }

    private init(_ address: in_addr) { bits = Self.mapped | UInt128(UInt32(bigEndian: address.s_addr)) }

    private init(_ address: in6_addr) {
        bits = withUnsafeBytes(of: address) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
    }

    /// Whether it is an IPv4 address.
    public var isV4: Bool { bits >> 32 == Self.mapped >> 32 }

    /// The first 24 bits of an IPv4 address and the first 48 of an IPv6 address, the rest 0, as text.
    public var anonymised: String {
        guard !isV4 else {
            return "\(UInt8(truncatingIfNeeded: bits >> 24)).\(UInt8(truncatingIfNeeded: bits >> 16))"
                + ".\(UInt8(truncatingIfNeeded: bits >> 8)).0"
        }
        var out = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let kept = withUnsafeBytes(of: ((bits >> 80) << 80).bigEndian) { bytes in
            inet_ntop(AF_INET6, bytes.baseAddress, &out, socklen_t(out.count)) != nil
        }
        return kept ? String(decoding: out.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "::"
    }

    /// What one client has for itself: an IPv4 address, or the 64-bit network of an IPv6 address, in which a client
    /// may take any number of addresses.
    public var clientNetwork: IPAddress { isV4 ? self : IPAddress(bits: (bits >> 64) << 64) }
}
