internal import CMongoC
internal import Stores

/// The pool that clients are borrowed from; one topology is monitored for all of them.
final class ClientPool: @unchecked Sendable {  // libmongoc's pool is thread-safe
    fileprivate let pool: OpaquePointer

    init(_ address: MongoAddress, size: Int) throws(DatabaseError) {
        var error = bson_error_t()
        guard let pool = mongoc_client_pool_new_with_error(address.uri, &error) else {
            throw MongoAddress.invalid("cannot be used", cause: MongoFault(error).text)
        }
        self.pool = pool
        mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2)
        mongoc_client_pool_max_size(pool, UInt32(size))
    }

    deinit { mongoc_client_pool_destroy(pool) }
}

/// One client of libmongoc: used by one thread at a time, every call waits.
///
/// All writes are `w: majority, j: true`; all reads go to the primary with read concern `majority`.
final class MongoClient {
    private let client: OpaquePointer
    private let pool: ClientPool?
    let database: String
    private let writeConcern: BSONBatch
    private var sessions: [Int: OpaquePointer] = [:]
    private var lastSession = 0

    /// Borrows a client from the pool until this one is released.
    init(from pool: ClientPool, database: String, writeTimeout: Int64) {
        client = mongoc_client_pool_pop(pool.pool)
        self.pool = pool
        self.database = database
        writeConcern = BSONBatch { $0.writeConcern(timeout: writeTimeout) }
    }

    /// A client outside the pool, which looks for the server itself when it is used.
    init(_ address: MongoAddress, database: String) throws(DatabaseError) {
        var error = bson_error_t()
        guard let client = mongoc_client_new_from_uri_with_error(address.uri, &error) else {
            throw MongoAddress.invalid("cannot be used", cause: MongoFault(error).text)
        }
        mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2)
        self.client = client
        pool = nil
        self.database = database
        writeConcern = BSONBatch { $0.writeConcern(timeout: 0) }
    }

    deinit {
        for session in sessions.values { mongoc_client_session_destroy(session) }
        if let pool { mongoc_client_pool_push(pool.pool, client) } else { mongoc_client_destroy(client) }
    }

    /// Starts a causally consistent session.
    func startSession() throws(DatabaseError) -> Int {
        var error = bson_error_t()
        guard let session = mongoc_client_start_session(client, nil, &error) else {
            throw MongoFault(error).error("starting a session")
        }
        lastSession += 1
        sessions[lastSession] = session
        return lastSession
    }

    /// Ends a session; one that is over already stays so.
    func endSession(_ number: Int) {
        if let session = sessions.removeValue(forKey: number) { mongoc_client_session_destroy(session) }
    }

    /// Runs a command that writes, durable when it returns, and reads the answer.
    func write<Value>(
        _ command: BSONBatch, _ doing: String, _ read: (BSONReader) throws(BSONFault) -> Value
    ) throws(DatabaseError) -> Value {
        try run(command, doing, read) { error, reply in
            mongoc_client_write_command_with_opts(
                client, database, command.document, writeConcern.document, reply, &error)
        }
    }

    /// Runs a command that changes the schema: its fault, `nil` where it went through.
    func fault(of command: BSONBatch) -> MongoFault? {
        var error = bson_error_t()
        let reply = BSONReply()
        let done = mongoc_client_write_command_with_opts(
            client, database, command.document, writeConcern.document, reply.storage, &error)
        return done ? nil : MongoFault(error)
    }

    /// Runs a command that neither writes documents nor takes a concern.
    func command(_ command: BSONBatch, _ doing: String) throws(DatabaseError) {
        try run(command, doing, { _ in }) { error, reply in
            mongoc_client_command_simple(client, database, command.document, nil, reply, &error)
        }
    }

    private func run<Value>(
        _ command: BSONBatch, _ doing: String, _ read: (BSONReader) throws(BSONFault) -> Value,
        _ call: (inout bson_error_t, OpaquePointer) -> Bool
    ) throws(DatabaseError) -> Value {
        var error = bson_error_t()
        let reply = BSONReply()
        guard call(&error, reply.storage) else { throw MongoFault(error).error(doing) }
        do throws(BSONFault) { return try reply.read(read) } catch { throw error.error(doing) }
    }

    /// Finds documents and decodes each as it comes. `filter` is a batch of one.
    func find<Value>(
        _ collection: String, _ filter: BSONBatch, project: [String] = [], ordered order: FindOrder? = nil,
        session: Int? = nil, _ doing: String, _ decode: (BSONReader) throws(BSONFault) -> Value
    ) throws(DatabaseError) -> [Value] {
        let options = try findOptions(project, order, session, doing)
        let handle = mongoc_client_get_collection(client, database, collection)
        defer { mongoc_collection_destroy(handle) }
        let primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY)
        defer { mongoc_read_prefs_destroy(primary) }
        let cursor = mongoc_collection_find_with_opts(handle, filter.document, options.storage, primary)
        defer { mongoc_cursor_destroy(cursor) }
        var found: [Value] = []
        var document: OpaquePointer?
        do throws(BSONFault) {
            while mongoc_cursor_next(cursor, &document), let document {
                found.append(try decode(try BSONReader(contentsOf: document)))
            }
        } catch { throw error.error(doing) }
        var error = bson_error_t()
        if mongoc_cursor_error(cursor, &error) { throw MongoFault(error).error(doing) }
        return found
    }

    private func findOptions(
        _ project: [String], _ order: FindOrder?, _ session: Int?, _ doing: String
    ) throws(DatabaseError) -> BSONReply {
        let fixed = BSONBatch { options in
            options.field("readConcern") { $0.field("level", "majority") }
            order?.write(to: &options)
            guard !project.isEmpty else { return }
            options.field("projection") { projection in
                for field in project {
                    projection.name(field, BSONType.int32)
                    projection.append(Int32(1))
                }
            }
        }
        let options = BSONReply()
        precondition(bson_concat(options.storage, fixed.document))
        guard let number = session else { return options }
        var error = bson_error_t()
        guard let session = sessions[number] else {
            throw DatabaseError(.closed, store: mongoStoreName, "\(doing) came after its reader had ended")
        }
        guard mongoc_client_session_append(session, options.storage, &error) else {
            throw MongoFault(error).error(doing)
        }
        return options
    }
}

/// In which order documents are found, and how many of them.
struct FindOrder: Sendable {
    /// All ascending, the first one first.
    let fields: [String]
    let limit: Int

    fileprivate func write(to options: inout BSONWriter) {
        options.field("limit", Int64(limit))
        options.field("sort") { sort in
            for field in fields {
                sort.name(field, BSONType.int32)
                sort.append(Int32(1))
            }
        }
    }
}

/// What became of the documents of a bulk insert.
struct InsertReport: Sendable {
    /// Indexes of documents whose `_id` is taken.
    var taken: [Int] = []
    /// Documents that the server refuses for what they hold.
    var refused: [(index: Int, reason: String)] = []
}

extension MongoClient {
    /// Inserts documents in no order. Returns only when each is durable, taken or refused; throws otherwise.
    func insert(_ documents: BSONBatch, into collection: String, _ doing: String) throws(DatabaseError) -> InsertReport
    {
        guard documents.count > 0 else { return InsertReport() }
        let handle = mongoc_client_get_collection(client, database, collection)
        defer { mongoc_collection_destroy(handle) }
        let options = BSONReply()
        precondition(bson_concat(options.storage, writeConcern.document))
        precondition(bson_concat(options.storage, Self.unordered.document))
        let reply = BSONReply()
        var error = bson_error_t()
        if mongoc_collection_insert_many(
            handle, documents.pointers.baseAddress, documents.count, options.storage, reply.storage, &error)
        {
            return InsertReport()
        }
        let account: InsertReply
        do throws(BSONFault) {
            account = try reply.read { (reply) throws(BSONFault) in try InsertReply(reply) }
        } catch { throw error.error(doing) }
        return try account.report(of: documents.count, MongoFault(error), doing)
    }

    /// The writer makes valid BSON, so libbson need not read it all again.
    private static let unordered = BSONBatch { options in
        options.field("ordered", false)
        options.field("validate", false)
    }
}

extension BSONWriter {
    fileprivate mutating func writeConcern(timeout: Int64) {
        field("writeConcern") { concern in
            concern.field("w", "majority")
            concern.field("j", true)
            if timeout > 0 { concern.field("wtimeout", timeout) }
        }
    }
}
