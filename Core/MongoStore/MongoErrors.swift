internal import CMongoC
internal import Stores

/// The error of one failed call, as libmongoc put it.
struct MongoFault {
    var domain: UInt32
    var code: UInt32
    var text: String

    init(domain: UInt32, code: UInt32, text: String) {
        self.domain = domain
        self.code = code
        self.text = text
    }

    init(_ error: bson_error_t) {
        domain = error.domain
        code = error.code
        text = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Says what was being done, maps the code, keeps the words.
    func error(_ doing: String) -> DatabaseError {
        DatabaseError(databaseCode, store: mongoStoreName, "\(doing) failed", cause: text)
    }

    /// A server's own error code, whichever domain it came in; `nil` for an error of the client.
    var serverCode: ServerCode? {
        switch mongoc_error_domain_t(rawValue: domain) {
        case MONGOC_ERROR_SERVER, MONGOC_ERROR_WRITE_CONCERN, MONGOC_ERROR_QUERY: ServerCode(rawValue: code)
        default: nil
        }
    }

    /// The one place where libmongoc's domains and codes become ours. What is not known is transient (`.other`):
    /// an event is never blamed for it.
    private var databaseCode: DatabaseError.Code {
        switch mongoc_error_domain_t(rawValue: domain) {
        case MONGOC_ERROR_SERVER, MONGOC_ERROR_QUERY: ServerCode(rawValue: code).databaseCode
        // Whatever the reason: written, but not known to be durable.
        case MONGOC_ERROR_WRITE_CONCERN: .notDurable
        case MONGOC_ERROR_SERVER_SELECTION: .unreachable
        // A connection that broke or a time that passed, perhaps after the server had the write.
        case MONGOC_ERROR_STREAM:
            code == MONGOC_ERROR_STREAM_SOCKET.rawValue ? .timedOut : .unreachable
        case MONGOC_ERROR_CLIENT: clientCode
        case MONGOC_ERROR_SASL, MONGOC_ERROR_SCRAM: .notAuthorized
        case MONGOC_ERROR_BSON: .refusedValue
        case MONGOC_ERROR_COMMAND:
            code == MONGOC_ERROR_COMMAND_INVALID_ARG.rawValue ? .invalidConfiguration : .other
        default: .other
        }
    }

    /// A client that looks for the server itself says in this domain, with a stream's code, that there is none.
    private var clientCode: DatabaseError.Code {
        switch mongoc_error_code_t(rawValue: code) {
        case MONGOC_ERROR_CLIENT_AUTHENTICATE: .notAuthorized
        case MONGOC_ERROR_STREAM_NAME_RESOLUTION, MONGOC_ERROR_STREAM_SOCKET, MONGOC_ERROR_STREAM_CONNECT: .unreachable
        default: .other
        }
    }
}

/// An error code of the MongoDB server (its `error_codes.yml`).
struct ServerCode: RawRepresentable, Hashable {
    let rawValue: UInt32

    static let duplicateKey = ServerCode(rawValue: 11000)
    static let namespaceExists = ServerCode(rawValue: 48)
    static let indexOptionsConflict = ServerCode(rawValue: 85)
    static let indexKeySpecsConflict = ServerCode(rawValue: 86)

    /// What the code means for a whole command.
    var databaseCode: DatabaseError.Code {
        switch rawValue {
        // HostUnreachable, HostNotFound, NetworkTimeout, ShutdownInProgress, FailedToSatisfyReadPreference,
        // PrimarySteppedDown, SocketException, NotWritablePrimary, InterruptedAtShutdown,
        // InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary
        case 6, 7, 89, 91, 133, 189, 9001, 10107, 11600, 11602, 13435, 13436: .unreachable
        // MaxTimeMSExpired, NetworkInterfaceExceededTimeLimit, ExceededTimeLimit
        case 50, 202, 262: .timedOut
        // WriteConcernFailed, UnsatisfiableWriteConcern
        case 64, 100: .notDurable
        // LockTimeout, LockBusy, WriteConflict, NoSuchTransaction, DuplicateKey (two upserts at once)
        case 24, 46, 112, 251, 11000: .contended
        // Unauthorized, AuthenticationFailed, Atlas
        case 13, 18, 8000: .notAuthorized
        // NamespaceNotFound, IndexNotFound
        case 26, 27: .notProvisioned
        // IndexOptionsConflict, IndexKeySpecsConflict
        case 85, 86: .invalidConfiguration
        case _ where refusesDocument: .refusedValue
        default: .other
        }
    }

    /// Whether a single document is refused for what it holds: a repetition meets the same answer.
    var refusesDocument: Bool {
        switch rawValue {
        // BadValue, InvalidBSON, Overflow, BSON too deep, DollarPrefixedFieldName, InvalidIdField, EmptyFieldName,
        // DottedFieldName, DocumentValidationFailure, BSONObjectTooLarge, KeyTooLong
        case 2, 15, 22, 52, 53, 56, 57, 121, 10334, 17280: true
        default: false
        }
    }
}

/// The store's name in errors.
let mongoStoreName = "mongodb"

extension BSONFault {
    /// Stored data or a reply that cannot be read.
    func error(_ doing: String) -> DatabaseError {
        DatabaseError(.corrupt, store: mongoStoreName, "\(doing) found what it cannot read", cause: reason)
    }
}
