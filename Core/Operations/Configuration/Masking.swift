/// What may be shown of a value that may hold credentials.
///
/// Of an address only scheme, hosts and path remain: `postgres://***@db:5432/tributary?***`. Whatever is not clearly
/// an address is not shown at all: a password may have been put in the wrong place, or may hold an `@` or `/` that
/// was not escaped.
public func masked(_ secret: String) -> String {
    guard let schemeEnd = secret.firstRange(of: "://"), secret[..<schemeEnd.lowerBound].utf8.allSatisfy(isSchemeByte)
    else { return hidden(secret) }
    let rest = secret[schemeEnd.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count <= 2, rest.count(where: { $0 == "@" }) == parts.count - 1, let hosts = parts.last, areHosts(hosts)
    else { return hidden(secret) }
    let path = rest[authority.endIndex...].prefix { $0 != "?" && $0 != "#" }
    let user = parts.count == 2 ? "***@" : ""
    return "\(secret[..<schemeEnd.upperBound])\(user)\(hosts)\(path)\(path.endIndex == rest.endIndex ? "" : "?***")"
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
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || "+-.0123456789".utf8.contains(byte)
}

/// Hosts with numeric ports, commas between: `user:password` without `@` is not one. Empty for a local socket.
private func areHosts(_ text: Substring) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { host in
        host.wholeMatch(of: /([A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?/) != nil
    }
}
