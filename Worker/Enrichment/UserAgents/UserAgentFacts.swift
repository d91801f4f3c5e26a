import Stores

/// What a user agent tells. Of robots only the name: what else they claim to be is not counted among people's.
struct UserAgentFacts: Sendable, Equatable {
    var device: String?
    var browser: EventContext.Product?
    var os: EventContext.Product?
    var bot: String?
}

/// Classes of devices.
enum Device {
    static let desktop = "desktop"
    static let mobile = "mobile"
    static let tablet = "tablet"
    static let tv = "tv"
    static let console = "console"
    static let other = "other"
}

/// The text of a user agent, and how it is searched.
struct UserAgentText {
    let bytes: [UInt8]

    init(_ text: ArraySlice<UInt8>) { bytes = Array(text) }

    func contains(_ token: StaticString) -> Bool { end(of: token) != nil }

    /// Where the first occurrence of a token ends.
    func end(of token: StaticString) -> Int? {
        let wanted = UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount)
        guard bytes.count >= wanted.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in 0...(bytes.count - wanted.count) where bytes[start] == wanted[0] {
                if bytes[start..<start + wanted.count].elementsEqual(wanted) { return start + wanted.count }
            }
            return nil
        }
    }

    /// The version that is written at a place, with at most so many numbers: `17_4_1` is `17.4`.
    func version(at place: Int, numbers: Int) -> String? {
        var (out, count, index) = ([UInt8](), 1, place)
        while index < bytes.count, out.count < 16 {
            let byte = bytes[index]
            if byte &- UInt8(ascii: "0") < 10 {
                out.append(byte)
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_"), count < numbers, !out.isEmpty {
                out.append(UInt8(ascii: "."))
                count += 1
            } else {
                break
            }
            index += 1
        }
        if out.last == UInt8(ascii: ".") { out.removeLast() }
        return out.isEmpty ? nil : String(decoding: out, as: UTF8.self)
    }
}
