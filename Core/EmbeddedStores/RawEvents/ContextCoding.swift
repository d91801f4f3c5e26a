import Stores

/// An event's context as one blob: of each part that is there the tag, the length (LEB128) and the bytes. One column
/// costs an insert less than twenty; a reader skips what it does not want.
enum ContextCoding {
    /// Never reused: blobs of old rows hold them. A reader passes over those that it does not know.
    enum Tag: UInt8 {
        case clientAddress = 1
        case userAgent, device, browserName, browserVersion, osName, osVersion, bot, referrerHost, referrerKind, path
        case country, utmSource, utmMedium, utmCampaign, utmTerm, utmContent, failure, traceID
    }

    /// Writes a context; `blob` keeps its room from one to the next.
    static func encode(_ context: EventContext, into blob: inout [UInt8]) {
        blob.removeAll(keepingCapacity: true)
        append(.clientAddress, context.clientAddress, to: &blob)
        append(.userAgent, context.userAgent, to: &blob)
        append(.device, context.device, to: &blob)
        append(.browserName, context.browser?.name, to: &blob)
        append(.browserVersion, context.browser?.version, to: &blob)
        append(.osName, context.os?.name, to: &blob)
        append(.osVersion, context.os?.version, to: &blob)
        append(.bot, context.bot, to: &blob)
        append(.referrerHost, context.referrer?.host, to: &blob)
        append(.referrerKind, context.referrer?.kind, to: &blob)
        append(.path, context.path, to: &blob)
        append(.country, context.country, to: &blob)
        append(.utmSource, context.utm.source, to: &blob)
        append(.utmMedium, context.utm.medium, to: &blob)
        append(.utmCampaign, context.utm.campaign, to: &blob)
        append(.utmTerm, context.utm.term, to: &blob)
        append(.utmContent, context.utm.content, to: &blob)
        for failure in context.failures { append(.failure, failure, to: &blob) }
        append(.traceID, context.traceID, to: &blob)
    }

    private static func append(_ tag: Tag, _ text: String?, to blob: inout [UInt8]) {
        guard var text else { return }
        blob.append(tag.rawValue)
        text.withUTF8 { utf8 in
            var length = utf8.count
            while length > 0x7F {
                blob.append(UInt8(length & 0x7F) | 0x80)
                length >>= 7
            }
            blob.append(UInt8(length))
            blob.append(contentsOf: utf8)
        }
    }

    /// Calls `body` with every part of a known tag.
    private static func forEachPart(
        _ blob: UnsafeRawBufferPointer, _ body: (Tag, UnsafeRawBufferPointer) -> Void
    ) {
        var index = 0
        while index < blob.count {
            let tag = Tag(rawValue: blob[index])
            index += 1
            var (length, shift) = (0, 0)
            while index < blob.count, shift < 35 {
                let byte = blob[index]
                index += 1
                length |= Int(byte & 0x7F) << shift
                if byte < 0x80 { break }
                shift += 7
            }
            guard length <= blob.count - index else { return }
            if let tag { body(tag, UnsafeRawBufferPointer(rebasing: blob[index..<index + length])) }
            index += length
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Reads a context.
    static func decode(_ blob: UnsafeRawBufferPointer) -> EventContext {
        var context = EventContext()
        forEachPart(blob) { tag, bytes in
            let text = text(bytes)
            switch tag {
            case .clientAddress: context.clientAddress = text
            case .userAgent: context.userAgent = text
            case .device: context.device = text
            case .browserName: context.browser = EventContext.Product(name: text)
            case .browserVersion: context.browser?.version = text
            case .osName: context.os = EventContext.Product(name: text)
            case .osVersion: context.os?.version = text
            case .bot: context.bot = text
            case .referrerHost: context.referrer = EventContext.Referrer(host: text, kind: "")
            case .referrerKind:
                context.referrer = EventContext.Referrer(host: context.referrer?.host, kind: text)
            case .path: context.path = text
            case .country: context.country = text
            case .utmSource: context.utm.source = text
            case .utmMedium: context.utm.medium = text
            case .utmCampaign: context.utm.campaign = text
            case .utmTerm: context.utm.term = text
            case .utmContent: context.utm.content = text
            case .failure: context.failures.append(text)
            case .traceID: context.traceID = text
            }
        }
        return context
    }

    /// Reads what rollups count by, and nothing else.
    static func dimensions(_ blob: UnsafeRawBufferPointer) -> EventDimensions {
        var dimensions = EventDimensions()
        forEachPart(blob) { tag, bytes in
            switch tag {
            case .device: dimensions.device = text(bytes)
            case .browserName: dimensions.browser = text(bytes)
            case .osName: dimensions.os = text(bytes)
            case .bot: dimensions.bot = text(bytes)
            case .referrerHost: dimensions.referrer = text(bytes)
            case .path: dimensions.path = text(bytes)
            case .country: dimensions.country = text(bytes)
            case .utmSource: dimensions.utmSource = text(bytes)
            case .utmMedium: dimensions.utmMedium = text(bytes)
            case .utmCampaign: dimensions.utmCampaign = text(bytes)
            case .clientAddress, .userAgent, .browserVersion, .osVersion, .referrerKind, .utmTerm, .utmContent,
                .failure, .traceID:
                break
            }
        }
        return dimensions
    }
}
