/// The token of `Bearer <token>`, whose scheme is of any case; `nil` for another scheme. (RFC 6750)
///
/// Every request passes here: byte by byte, and one string made.
public func bearerToken(_ authorization: String) -> String? {
    let (scheme, bytes) = ("bearer".utf8, authorization.utf8)
    guard zip(bytes, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
    let rest = bytes.dropFirst(scheme.count)
    let token = rest.drop { $0 == UInt8(ascii: " ") }
    return token.isEmpty || token.startIndex == rest.startIndex ? nil : String(Substring(token))
}
