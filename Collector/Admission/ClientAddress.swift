import HTTPTypes
import Operations

/// Finds out which address a request came from, where trusted proxies stand before the collector.
struct ClientAddress: Sendable {
    /// Whose word is taken.
    let trusted: NetworkSet
    /// Where they give it. Only one header is believed: the other one may have come from anybody.
    let header: ProxyHeader

    /// The client's address: the connection's other end, unless that is a trusted proxy. Then the addresses that it
    /// gives are walked from the last to the first, each added by the proxy after it, and the first that is not
    /// trusted is the client. What is left of it any client may have invented.
    func resolve(_ peer: IPAddress?, _ fields: HTTPFields) -> IPAddress? {
        guard let peer, !trusted.isEmpty, trusted.contains(peer) else { return peer }
        var nearest = peer
        for element in elements(fields).reversed() {
            // `unknown`, or a name of the proxy's own: what is known is the proxy.
            guard let address = Self.address(element) else { return nearest }
            nearest = address
            if !trusted.contains(address) { return address }
        }
        return nearest
    }

    private func elements(_ fields: HTTPFields) -> [Substring] {
        switch header {
        case .xForwardedFor: fields[values: Self.xForwardedFor].flatMap { Self.split($0, at: ",") }
        case .forwarded:
            fields[values: Self.forwarded].flatMap { Self.split($0, at: ",") }.map { element in
                Self.split(element, at: ";").first { $0.lowercased().hasPrefix("for=") }?.dropFirst(4) ?? ""
            }
        }
    }

    /// Cuts a text, but not within quotation marks, and trims the parts.
    private static func split(_ text: some StringProtocol, at separator: Character) -> [Substring] {
        var isQuoted = false
        let parts = Substring(text).split(omittingEmptySubsequences: false) { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
        return parts.map { part in
            let start = part.drop { $0 == " " || $0 == "\t" }
            return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? ""
        }
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`, in quotation marks or not.
    private static func address(_ element: Substring) -> IPAddress? {
        var text = element
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        if text.first == "[" { return text.lastIndex(of: "]").flatMap { IPAddress(text[..<$0].dropFirst()) } }
        if text.count(where: { $0 == ":" }) == 1 { return IPAddress(text.prefix { $0 != ":" }) }
        return IPAddress(text)
    }

    private static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
    private static let forwarded = HTTPField.Name("Forwarded")!
}
