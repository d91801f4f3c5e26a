import Crypto
import Operations
import Stores

/// The metadata as it is stored: `clientAddress` anonymised, and the values of the configured keys as pseudonyms.
///
/// A pseudonym is an HMAC: equal values of one key and source have the same, so they can still be counted and joined;
/// who has no secret cannot find a value by trying all e-mail addresses. `payloadHash` stays that of what was sent, so
/// that another secret makes no conflicts of repetitions.
struct StoredMetadataStep: EnrichmentStep {
    private let secret: SymmetricKey

    init(secret: [UInt8]) { self.secret = SymmetricKey(data: secret) }

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        let known = clues.metadata
        guard let metadata = event.metadata, !known.redacted.isEmpty || known.clientAddressPlace != nil else { return }
        var replacements: [(place: Range<Int>, text: [UInt8])] = known.redacted.map { item in
            (item.place, Array("\"\(pseudonym(of: item.value, key: item.key, source: event.source))\"".utf8))
        }
        var isOddAddress = false
        if let place = known.clientAddressPlace, !replacements.contains(where: { $0.place == place }) {
            let address = known.clientAddress.flatMap { String(validating: $0, as: UTF8.self) }
                .flatMap { IPAddress($0)?.anonymised }
            replacements.append((place, Array((address.map { "\"\($0)\"" } ?? "null").utf8)))
            isOddAddress = address == nil
        }
        event.metadata = Self.replacing(replacements, in: metadata)
        if isOddAddress { throw .clientAddress }
    }

    private func pseudonym(of value: ArraySlice<UInt8>, key: String, source: String) -> String {
        var hmac = HMAC<SHA256>(key: secret)
        hmac.update(data: Array("\(source)/\(key)\u{0}".utf8))
        hmac.update(data: Array(value))
        let digits = hmac.finalize().prefix(16).map { byte in
            (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
        }
        return "hmac:" + digits.joined()
    }

    private static func replacing(
        _ replacements: [(place: Range<Int>, text: [UInt8])], in metadata: ArraySlice<UInt8>
    ) -> ArraySlice<UInt8> {
        var (out, index) = ([UInt8](), metadata.startIndex)
        out.reserveCapacity(metadata.count + 40 * replacements.count)
        for (place, text) in replacements.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            out.append(contentsOf: metadata[index..<place.lowerBound])
            out.append(contentsOf: text)
            index = place.upperBound
        }
        out.append(contentsOf: metadata[index...])
        return out[...]
    }
}
