internal import Stores

extension DeadLetterEntry {
    func write(to out: inout BSONWriter) {
        out.field("_id", position.description)
        out.position(position)
        out.field("deadLetter") { place in
            place.field("partition", deadLetter.partition)
            place.field("offset", deadLetter.offset)
        }
        out.field("stage", stage)
        out.field("reason", reason)
        out.field("message", message)
        out.field("source", source)
        out.field("eventId", eventID)
        out.field("failedAt", date: failedAt)
        out.field("state", state.rawValue)
    }

    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init(
            position: try IngestFields(document).position, deadLetter: LogOffset(partition: -1, offset: -1),
            stage: "", reason: "", message: "", source: "", eventID: "", failedAt: 0, state: .open)
        while let element = try document.next() {
            if element.isNamed("deadLetter") {
                let place = try IngestFields(try element.document()).position
                deadLetter = LogOffset(partition: place.partition, offset: place.offset)
            } else if element.isNamed("failedAt") {
                failedAt = try element.integer()
            } else if element.isNamed("state") {
                guard let known = State(rawValue: try element.string()) else { throw BSONFault(reason: "state") }
                state = known
            } else {
                try take(element)
            }
        }
    }

    private mutating func take(_ element: BSONElement) throws(BSONFault) {
        if element.isNamed("stage") {
            stage = try element.string()
        } else if element.isNamed("reason") {
            reason = try element.string()
        } else if element.isNamed("message") {
            message = try element.string()
        } else if element.isNamed("source") {
            source = try element.string()
        } else if element.isNamed("eventId") {
            eventID = try element.string()
        }
    }
}
