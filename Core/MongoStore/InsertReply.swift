internal import Stores

/// libmongoc's account of a bulk insert that did not go through as a whole.
struct InsertReply {
    struct WriteError {
        var index = -1
        var code = ServerCode(rawValue: 0)
        var message = ""
    }

    private(set) var inserted = 0
    private(set) var errors: [WriteError] = []
    private(set) var concernErrors = 0

    init(_ reply: BSONReader) throws(BSONFault) {
        var reply = reply
        while let element = try reply.next() {
            if element.isNamed("insertedCount") || element.isNamed("nInserted") {
                inserted = Int(try element.integer())
            } else if element.isNamed("writeErrors") {
                var list = try element.document()
                while let entry = try list.next() { errors.append(try WriteError(try entry.document())) }
            } else if element.isNamed("writeConcernErrors") {
                var list = try element.document()
                while try list.next() != nil { concernErrors += 1 }
            }
        }
    }

    /// Accounts for each of `count` documents, or throws: nothing is durable until all of the batch is known to be.
    func report(of count: Int, _ fault: MongoFault, _ doing: String) throws(DatabaseError) -> InsertReport {
        guard concernErrors == 0 else {
            throw DatabaseError(.notDurable, store: mongoStoreName, "\(doing) was not acknowledged", cause: fault.text)
        }
        guard inserted + errors.count == count else { throw fault.error(doing) }
        var report = InsertReport()
        for error in errors {
            guard (0..<count).contains(error.index) else { throw fault.error(doing) }
            if error.code == .duplicateKey {
                report.taken.append(error.index)
            } else if error.code.refusesDocument {
                report.refused.append((error.index, error.message))
            } else {
                throw DatabaseError(
                    error.code.databaseCode, store: mongoStoreName, "\(doing) failed", cause: error.message)
            }
        }
        return report
    }
}

extension InsertReply.WriteError {
    fileprivate init(_ entry: BSONReader) throws(BSONFault) {
        var entry = entry
        while let element = try entry.next() {
            if element.isNamed("index") {
                index = Int(try element.integer())
            } else if element.isNamed("code") {
                code = ServerCode(rawValue: UInt32(clamping: try element.integer()))
            } else if element.isNamed("errmsg"), code != .duplicateKey {
                message = try element.string()
            }
        }
    }
}
