import Stores

/// What a record's headers tell of the request, found in one pass over them.
struct RequestHeaders {
    var clientAddress: ArraySlice<UInt8>?
    var userAgent: ArraySlice<UInt8>?
    /// Client hints: brands, platform, whether mobile.
    var brands: ArraySlice<UInt8>?
    var platform: ArraySlice<UInt8>?
    var mobile: ArraySlice<UInt8>?
    /// The W3C `traceparent`.
    var traceparent: ArraySlice<UInt8>?
    /// Whether the write key is a server's, which speaks for its clients.
    var isFromServer = false

    init() {}

    init(_ index: Int, of batch: RecordBatch) {
        for place in batch.records[index].headers {
            let header = batch.headers[place]
            func isNamed(_ wanted: HeaderName) -> Bool { batch.isNamed(wanted, header) }
            // Lengths first: hardly any name is compared in vain.
            switch header.name.count {
            case 8 where isNamed(.keyMark): isFromServer = batch.bytes[header.value].elementsEqual("server".utf8)
            case 9 where isNamed(.clientHintBrands): brands = batch.bytes[header.value]
            case 10 where isNamed(.userAgent): userAgent = batch.bytes[header.value]
            case 11 where isNamed(.traceparent): traceparent = batch.bytes[header.value]
            case 14 where isNamed(.clientAddress): clientAddress = batch.bytes[header.value]
            case 16 where isNamed(.clientHintMobile): mobile = batch.bytes[header.value]
            case 18 where isNamed(.clientHintPlatform): platform = batch.bytes[header.value]
            default: break
            }
        }
    }
}
