import Foundation

/// Reads `500ms`, `60s`, `5m`, `2h`: a whole number and a unit, nothing else; `nil` also where it would overflow.
public func parseDuration(_ text: String) -> Duration? {
    guard let match = text.wholeMatch(of: /([0-9]{1,15})(ms|s|m|h)/), let number = Int64(match.1) else { return nil }
    let milliseconds: Int64 =
        switch match.2 {
        case "ms": 1
        case "s": 1_000
        case "m": 60_000
        default: 3_600_000
        }
    let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
    return overflow ? nil : .milliseconds(product)
}

/// Writes whole milliseconds with the largest unit that leaves a whole number.
public func durationText(_ duration: Duration) -> String {
    let milliseconds = duration.nanoseconds / 1_000_000
    for (unit, size) in [("h", Int64(3_600_000)), ("m", 60_000), ("s", 1_000)]
    where milliseconds > 0 && milliseconds % size == 0 {
        return "\(milliseconds / size)\(unit)"
    }
    return "\(milliseconds)ms"
}

/// Whether an address can be reached from this machine only.
func isLoopback(_ host: String) -> Bool {
    if ["localhost", "::1"].contains(host.lowercased()) { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return numbers.count == 4 && numbers[0] == 127 && numbers.allSatisfy { $0 != nil }
}

/// Whether this is the name of a zone in the IANA database, and not an abbreviation or an offset such as `GMT+0200`.
func isTimeZoneName(_ name: String) -> Bool {
    guard name.wholeMatch(of: /[A-Za-z]+([_\/+-][A-Za-z0-9]+)*/) != nil,
        name.wholeMatch(of: /(?i)(GMT|UTC)[+-].*/) == nil
    else { return false }
    return name == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(name)
        || (name.contains("/") && TimeZone(identifier: name) != nil)
}

/// Whether this is `host:port,…`, the port optional, with librdkafka's optional `protocol://` before each.
func isServerList(_ text: String) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { server in
        let pattern = /\s*([A-Za-z_]+:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:([0-9]{1,5}))?\s*/
        guard let match = server.wholeMatch(of: pattern) else { return false }
        return match.4.map { (1...65_535).contains(Int($0) ?? 0) } ?? true
    }
}

/// Whether this is an address with one of these schemes and at least a host or, for a local socket, a path.
func isAddress(_ text: String, schemes: [String]) -> Bool {
    guard let separator = text.firstRange(of: "://"), schemes.contains(String(text[..<separator.lowerBound])) else {
        return false
    }
    return !text[separator.upperBound...].isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
}
