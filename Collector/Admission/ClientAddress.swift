#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Client addresses are anonymised before anything else sees them.
enum ClientAddress {
    /// Keeps an IPv4 address's first 24 bits and an IPv6 address's first 48, the rest 0; `nil` for any other text.
    ///
    /// An IPv4 address inside IPv6 (`::ffff:a.b.c.d`) counts as IPv4.
    static func anonymise(_ text: String) -> String? {
        // C reads up to a NUL and would not see what follows it.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            return withUnsafeBytes(of: v4) { "\($0[0]).\($0[1]).\($0[2]).0" }
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeMutableBytes(of: &v6) { bytes in
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isMapped { return "\(bytes[12]).\(bytes[13]).\(bytes[14]).0" }
            for index in 6..<16 { bytes[index] = 0 }
            var out = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard inet_ntop(AF_INET6, bytes.baseAddress, &out, socklen_t(out.count)) != nil else { return nil }
            return String(decoding: out.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
