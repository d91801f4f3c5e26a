/// How many of something may come in how long, and how many at once.
public struct RateSetting: Sendable, Equatable {
    /// How many in a period.
    public var count: Int
    /// The period in nanoseconds.
    public var period: Int64
    /// How many at once after a rest.
    public var burst: Int

    /// The time in which an empty bucket fills is kept below this, in nanoseconds: sums stay far from overflowing.
    static let maximumFill: Int64 = 86_400 * 1_000_000_000

    /// Nanoseconds from one to the next.
    public var interval: Int64 { max(1, period / Int64(count)) }

    /// Reads `100/s`, `600/m` or `1000/h`, with a burst of what comes in ten seconds, at least 1.
    init?(_ text: String) {
        guard let match = text.wholeMatch(of: /([0-9]{1,7})\/([smh])/), let count = Int(match.1),
            (1...1_000_000).contains(count)
        else { return nil }
        let seconds: Int64 =
            switch match.2 {
            case "s": 1
            case "m": 60
            default: 3600
            }
        self.count = count
        period = seconds * 1_000_000_000
        burst = max(1, Int(10 * Int64(count) / seconds))
    }
}

/// The header in which a proxy tells for whom it speaks.
public enum ProxyHeader: String, Sendable, CaseIterable {
    /// The usual one, `X-Forwarded-For`.
    case xForwardedFor = "x-forwarded-for"
    /// That of RFC 7239.
    case forwarded
}

extension Settings {
    /// Whom the collector lets in, and how much of each. A limit that is `nil` is off.
    public struct Admission: Sendable {
        /// Events of all clients.
        public var global: RateSetting?
        /// Events of one write key.
        public var key: RateSetting?
        /// Requests of one client address.
        public var address: RateSetting?
        /// Events of one user of a source.
        public var user: RateSetting?
        /// How many addresses, and how many users, are remembered at once.
        public var tableSize: Int
        /// Whose requests are refused.
        public var deniedNetworks: [IPNetwork]
        /// Whose word is taken for the client's address.
        public var trustedProxies: [IPNetwork]
        /// Where they give it.
        public var proxyHeader: ProxyHeader

        init(reader: inout SettingsReader) {
            global = reader.rate("global")
            key = reader.rate("key")
            address = reader.rate("address")
            user = reader.rate("user")
            tableSize = reader.number("limit.tableSize", default: 65_536, in: 1_024...16_777_216)
            deniedNetworks = reader.networks("denied.networks")
            trustedProxies = reader.networks("trusted.proxies")
            let headers = ProxyHeader.allCases.map(\.rawValue).joined(separator: " or ")
            proxyHeader = reader.value("proxy.header", default: .xForwardedFor, allowed: headers) {
                ProxyHeader(rawValue: $0.lowercased())
            }
        }
    }
}

extension SettingsReader {
    /// A limit by its two settings, `LIMIT_<NAME>_RATE` and `LIMIT_<NAME>_BURST`; `nil` where it is off.
    mutating func rate(_ name: String, default fallback: RateSetting? = nil) -> RateSetting? {
        let (rateKey, burstKey) = ("limit.\(name)Rate", "limit.\(name)Burst")
        var setting = value(
            rateKey, default: fallback,
            allowed: "off, or a number from 1 to 1000000 by second, minute or hour, such as 500/s, 600/m, 1000/h"
        ) { text in text == "off" ? .some(.none) : RateSetting(text).map { .some($0) } }
        let burst = value(burstKey, default: Int?.none, allowed: "a whole number from 1 to 10000000") { text in
            Int(text).flatMap { (1...10_000_000).contains($0) ? .some($0) : nil }
        }
        guard let burst else { return setting }
        let source = text(burstKey)?.source
        if let interval = setting?.interval, Int64(burst) > RateSetting.maximumFill / interval {
            report(
                burstKey, value: String(burst), source: source,
                allowed: "at most what comes in 24 hours, which is \(RateSetting.maximumFill / interval)")
        } else if setting == nil, text(rateKey) == nil {
            report(
                burstKey, value: String(burst), source: source, allowed: "only together with \(self.name(of: rateKey))")
        }
        setting?.burst = burst
        return setting
    }

    /// Networks with commas between.
    fileprivate mutating func networks(_ key: String) -> [IPNetwork] {
        var allowed =
            "networks with commas between, such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7, no bit set after the prefix"
        let entries = (text(key)?.text ?? "").split(separator: ",", omittingEmptySubsequences: false).map { entry in
            entry.drop { $0 == " " }.prefix { $0 != " " }
        }
        let wrong = entries.filter { IPNetwork($0) == nil }
        if !wrong.isEmpty { allowed += "; wrong: " + shown(wrong.joined(separator: ", ")) }
        return value(key, default: [], allowed: allowed) { _ in
            wrong.isEmpty ? entries.compactMap { IPNetwork($0) } : nil
        }
    }
}
