/// A range of IP addresses by prefix: `10.0.0.0/8`, `2001:db8::/32`, or one address. A network of one family holds no
/// address of the other: `::/0` is all of IPv6 and nothing of IPv4.
public struct IPNetwork: Hashable, Sendable {
    let first: IPAddress
    let last: IPAddress

    /// Reads a network; `nil` where the text is none, or where bits are set after the prefix.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(parts[0]) else { return nil }
        let isMapped = address.isV4 && parts[0].contains(":")
        let width = address.isV4 && !isMapped ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count), parts[1].allSatisfy({ $0.isASCII && $0.isNumber }),
                let given = Int(parts[1]), given <= width
            else { return nil }
            length = given
        }
        // A prefix that is shorter than that of all IPv4 addresses inside IPv6 would be a network of both.
        guard !isMapped || length >= 96 else { return nil }
        let hostBits = width - length
        let hosts: UInt128 = hostBits == 128 ? .max : (1 << UInt128(hostBits)) - 1
        guard address.bits & hosts == 0 else { return nil }
        (first, last) = (address, IPAddress(bits: address.bits | hosts))
    }
}

/// Networks to look an address up in: by halving, however many there are.
public struct NetworkSet: Sendable {
    private let v4: [ClosedRange<UInt128>]
    private let v6: [ClosedRange<UInt128>]

    /// Joins these networks.
    public init(_ networks: [IPNetwork]) {
        v4 = Self.merge(networks.filter { $0.first.isV4 })
        v6 = Self.merge(networks.filter { !$0.first.isV4 })
    }

    /// Whether there are none.
    public var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    /// Whether one of the networks holds the address.
    public func contains(_ address: IPAddress) -> Bool {
        let ranges = address.isV4 ? v4 : v6
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < address.bits { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(address.bits)
    }

    /// In order, and without overlaps.
    private static func merge(_ networks: [IPNetwork]) -> [ClosedRange<UInt128>] {
        var merged: [ClosedRange<UInt128>] = []
        for network in networks.sorted(by: { $0.first.bits < $1.first.bits }) {
            if let last = merged.last, network.first.bits <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, network.last.bits)
            } else {
                merged.append(network.first.bits...network.last.bits)
            }
        }
        return merged
    }
}
