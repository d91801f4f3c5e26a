internal import Stores

extension EventDimensions {
    /// What a window read asks for of the context.
    static let fields = [
        "context.path", "context.referrer.host", "context.country", "context.device", "context.browser.name",
        "context.os.name", "context.bot", "context.utm.source", "context.utm.medium", "context.utm.campaign",
    ]

    /// Takes the values that a projected context holds.
    mutating func take(context: BSONReader) throws(BSONFault) {
        var context = context
        while let element = try context.next() {
            if element.isNamed("path") {
                path = try element.string()
            } else if element.isNamed("referrer") {
                referrer = try element.document().text("host")
            } else if element.isNamed("country") {
                country = try element.string()
            } else if element.isNamed("device") {
                device = try element.string()
            } else if element.isNamed("browser") {
                browser = try element.document().text("name")
            } else if element.isNamed("os") {
                os = try element.document().text("name")
            } else if element.isNamed("bot") {
                bot = try element.string()
            } else if element.isNamed("utm") {
                let utm = try element.document()
                utmSource = try utm.text("source")
                utmMedium = try utm.text("medium")
                utmCampaign = try utm.text("campaign")
            }
        }
    }

    /// Takes the values of these keys.
    mutating func take(metadata: BSONReader, _ keys: MetadataKeys) throws(BSONFault) {
        var document = metadata
        while let element = try document.next() {
            guard let index = keys.names.firstIndex(where: { $0.utf8.elementsEqual(element.name) }) else { continue }
            self.metadata[index] = try element.dimensionValue()
        }
    }
}

extension BSONReader {
    /// The text of that name; `nil` where there is none.
    fileprivate func text(_ name: StaticString) throws(BSONFault) -> String? {
        var document = self
        while let element = try document.next() {
            if element.isNamed(name) { return try element.string() }
        }
        return nil
    }
}

extension BSONElement {
    fileprivate func dimensionValue() throws(BSONFault) -> String? {
        switch type {
        case BSONType.string: return DimensionValue.text(try string())
        case BSONType.int32, BSONType.int64: return DimensionValue.text(try integer())
        case BSONType.double:
            return DimensionValue.text(
                Double(bitPattern: UInt64(littleEndian: value.loadUnaligned(as: UInt64.self))))
        case BSONType.bool: return DimensionValue.text(value[0] != 0)
        default: return nil
        }
    }
}
