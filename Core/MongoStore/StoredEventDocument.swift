internal import Events
internal import Stores

extension StoredEvent {
    /// What a window read asks for.
    static func fields(with keys: MetadataKeys) -> [String] {
        ["source", "userId", "eventType", "timestamp", "ingest.offset"] + EventDimensions.fields
            + keys.names.map { "metadata.\($0)" }
    }

    init(_ document: BSONReader, _ keys: MetadataKeys) throws(BSONFault) {
        var document = document
        self.init(source: "", userID: "", eventType: "", timestamp: 0, offset: -1)
        dimensions.metadata = [String?](repeating: nil, count: keys.names.count)
        while let element = try document.next() {
            if element.isNamed("source") {
                source = try element.string()
            } else if element.isNamed("userId") {
                userID = try element.string()
            } else if element.isNamed("eventType") {
                eventType = try element.string()
            } else if element.isNamed("timestamp") {
                timestamp = try element.integer()
            } else if element.isNamed("context") {
                try dimensions.take(context: try element.document())
            } else if element.isNamed("metadata"), element.type == BSONType.document {
                try dimensions.take(metadata: try element.document(), keys)
            } else if element.isNamed("ingest") {
                offset = try IngestFields(try element.document()).position.offset
            }
        }
    }
}

extension RawEvent {
    /// Reads a whole event. The metadata comes back as JSON with the same values, not with the same bytes.
    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        var id = ""
        self.init(
            source: "", eventID: "", userID: "", eventType: "", timestamp: 0, receivedAt: 0, metadata: nil,
            context: EventContext(), position: IngestFields().position, payloadHash: IngestFields().payloadHash)
        while let element = try document.next() {
            if element.isNamed("_id") {
                id = try element.string()
            } else if element.isNamed("clientTimestamp") {
                clientTimestamp = try element.integer()
            } else if element.isNamed("receivedAt") {
                receivedAt = try element.integer()
            } else if element.isNamed("metadata") {
                metadata = try element.json()[...]
            } else if element.isNamed("context") {
                context = try EventContext(try element.document())
            } else if element.isNamed("ingest") {
                let ingest = try IngestFields(try element.document())
                (position, payloadHash) = (ingest.position, ingest.payloadHash)
            } else {
                try take(element)
            }
        }
        eventID = String(id.dropFirst(source.count + 1))
    }

    private mutating func take(_ element: BSONElement) throws(BSONFault) {
        if element.isNamed("source") {
            source = try element.string()
        } else if element.isNamed("userId") {
            userID = try element.string()
        } else if element.isNamed("eventType") {
            eventType = try element.string()
        } else if element.isNamed("timestamp") {
            timestamp = try element.integer()
        }
    }
}

extension BSONElement {
    /// A document or null as JSON text.
    fileprivate func json() throws(BSONFault) -> [UInt8] {
        type == BSONType.null ? Array("null".utf8) : try relaxedJSON(of: value)
    }
}
