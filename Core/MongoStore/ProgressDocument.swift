internal import Events
internal import Stores

extension IngestProgress {
    /// Writes all fields but `_id`, which the partition's incarnation is.
    func write(to out: inout BSONWriter) {
        out.field("epoch", partition.epoch)
        out.field("partition", partition.partition)
        out.field("first", first)
        out.field("next", next)
        out.field("stored", stored)
        out.field("duplicate", duplicate)
        out.field("dead", dead)
        out.field("lost", lost)
        out.field("gaps", gaps)
        if let lastHash { out.field("lastHash", lastHash) }
        out.field("batch", batch)
    }

    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init(partition: PartitionEpoch(epoch: 0, partition: -1), first: 0)
        while let element = try document.next() {
            if element.isNamed("epoch") {
                partition.epoch = try element.integer32()
            } else if element.isNamed("partition") {
                partition.partition = try element.integer32()
            } else if element.isNamed("lastHash") {
                lastHash = try element.digest()
            } else if element.isNamed("batch") {
                batch = try element.string()
            } else {
                try take(element)
            }
        }
    }

    private mutating func take(_ element: BSONElement) throws(BSONFault) {
        if element.isNamed("first") {
            first = try element.integer()
        } else if element.isNamed("next") {
            next = try element.integer()
        } else if element.isNamed("stored") {
            stored = try element.integer()
        } else if element.isNamed("duplicate") {
            duplicate = try element.integer()
        } else if element.isNamed("dead") {
            dead = try element.integer()
        } else if element.isNamed("lost") {
            lost = try element.integer()
        } else if element.isNamed("gaps") {
            gaps = try element.integer()
        }
    }
}
