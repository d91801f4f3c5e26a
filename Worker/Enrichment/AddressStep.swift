import Operations
import Stores

/// The client's address, anonymised whoever wrote the record, and its country.
///
/// The collector sends addresses anonymised already. A country is found by such an address as well as by a whole one:
/// networks smaller than an IPv4 /24 or an IPv6 /48 are not routed on their own, and hardly ever span borders.
struct AddressStep: EnrichmentStep {
    private struct Known {
        var address: String?
        var country: String?
        var isDamaged = false
    }

    private let country: CountryLookup?
    private let cache: TextCache<Known>

    init(country: CountryLookup?, cacheSize: Int) {
        self.country = country
        cache = TextCache(limit: cacheSize, name: "address")
    }

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        // A claim that is no address claims nothing.
        let claimed = clues.claimedAddress.map(look).flatMap { $0.address == nil ? nil : $0 }
        guard let known = claimed ?? clues.headers.clientAddress.map(look) else { return }
        event.context.clientAddress = known.address
        event.context.country = known.country
        if known.address == nil { throw .clientAddress }
        if known.isDamaged { throw .country }
    }

    private func look(_ text: ArraySlice<UInt8>) -> Known { cache.value(of: text, make: find) }

    private func find(_ text: ArraySlice<UInt8>) -> Known {
        guard let address = String(validating: text, as: UTF8.self).flatMap({ IPAddress($0) })?.anonymised else {
            return Known()
        }
        var known = Known(address: address)
        do { known.country = try country?(address) } catch { known.isDamaged = true }
        return known
    }
}
