/// What may be shown of a value that may hold credentials.
///
/// Of an address only scheme, hosts and path remain: `postgres://***@db:5432/tributary?***`. Whatever does not look
/// like an address is not shown at all, since a password may have been put in the wrong place.
public func masked(_ secret: String) -> String {
    guard let schemeEnd = secret.firstRange(of: "://"), secret[..<schemeEnd.lowerBound].utf8.allSatisfy(isSchemeByte)
    else { return hidden(secret) }
    let rest = secret[schemeEnd.upperBound...]
    // The last "@": a password with one that was not escaped is still a password.
    let at = rest.lastIndex(of: "@")
    let location = at.map { rest[rest.index(after: $0)...] } ?? rest
    let shown = location.prefix { $0 != "?" && $0 != "#" }
    guard isLocation(shown) else { return hidden(secret) }
    let query = shown.endIndex == location.endIndex ? "" : "?***"
    return "\(secret[..<schemeEnd.upperBound])\(at == nil ? "" : "***@")\(shown)\(query)"
}

/// A text for logs and probes in which no address shows a user, a password or an option.
///
/// Engines quote their addresses in error messages.
func withoutCredentials(_ text: String) -> String {
    guard text.contains("://") else { return text }
    // An address ends where a space or a quotation mark comes; a comma may stand between its hosts.
    return text.split(omittingEmptySubsequences: false) { " \t\n\r\"'<>()".contains($0) }
        .reduce(into: (result: "", end: text.startIndex)) { state, word in
            state.result += text[state.end..<word.startIndex]
            state.result += word.contains("://") ? masked(String(word)) : String(word)
            state.end = word.endIndex
        }.result
}

/// Says that there is something, and how long it is.
private func hidden(_ secret: String) -> String { "*** (\(secret.count) characters, not shown)" }

private func isSchemeByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
    default: false
    }
}

/// Hosts with numeric ports, then a path: `user:password` without `@` is not one.
private func isLocation(_ text: Substring) -> Bool {
    let hosts = text.prefix { $0 != "/" }
    return hosts.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { host in
        let name = host.first == "[" ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
        guard name.isEmpty || name.first == ":" else { return false }
        return name.dropFirst().utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }
    }
}
