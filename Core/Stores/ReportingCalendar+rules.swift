internal import Events
internal import Foundation
internal import Synchronization

extension ReportingCalendar {
    /// A digest of the zone's offsets from 1970 to 2100: releases of tzdata that cut the same days have the same one.
    public var rules: String {
        if let known = Self.known.withLock({ $0[identifier] }) { return known }
        let rules = Self.digest(of: zone)
        Self.known.withLock { $0[identifier] = rules }
        return rules
    }

    /// The digest of a zone by its IANA name; `nil` for an unknown one.
    public static func rules(of identifier: String) -> String? { ReportingCalendar(identifier)?.rules }

    /// The release of tzdata that this program's zones are from, for people.
    public static var release: String { TimeZone.timeZoneDataVersion }

    private static let known = Mutex<[String: String]>([:])

    /// Every change of the offset, to the second, looked for between noons: no zone changes twice a day.
    private static func digest(of zone: TimeZone) -> String {
        var bytes: [UInt8] = []
        func note(_ time: Int64, _ offset: Int) {
            withUnsafeBytes(of: (time.littleEndian, Int64(offset).littleEndian)) { bytes += $0 }
        }
        func offset(_ time: Int64) -> Int { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))) }
        var last = offset(-43_200)
        note(-43_200, last)
        for noon in stride(from: Int64(43_200), to: 4_133_980_800, by: 86_400) {
            let next = offset(noon)
            guard next != last else { continue }
            var (low, high) = (noon - 86_400, noon)
            while high - low > 1 {
                let middle = (low + high) / 2
                if offset(middle) == last { low = middle } else { high = middle }
            }
            note(high, next)
            last = next
        }
        return Digest128(hashing: bytes[...]).description
    }
}
