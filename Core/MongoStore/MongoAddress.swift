internal import CMongoC
internal import Stores

/// A MongoDB URI that has been checked, with the defaults that this store wants. Owns the `mongoc_uri_t`.
///
/// The URI may hold a password, so neither it nor any part of it appears in a message.
final class MongoAddress {
    let uri: OpaquePointer

    /// Parses a URI. Throws `.invalidConfiguration`.
    init(_ text: String, limits: TimeLimits, applicationName: String) throws(DatabaseError) {
        startLibrary()
        try Self.refuseUnescaped(text)
        var error = bson_error_t()
        guard !text.utf8.contains(0), let uri = mongoc_uri_new_with_error(text, &error) else {
            // With credentials in it, libmongoc's words may quote them.
            let cause = text.contains("@") ? "" : MongoFault(error).text
            throw Self.invalid("is not a MongoDB URI (mongodb://host:port/database?options)", cause: cause)
        }
        self.uri = uri
        setUnlessGiven(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, limits.serverSelection)
        setUnlessGiven(MONGOC_URI_CONNECTTIMEOUTMS, limits.serverSelection)
        setUnlessGiven(MONGOC_URI_SOCKETTIMEOUTMS, limits.socket)
        if mongoc_uri_get_appname(uri) == nil { mongoc_uri_set_appname(uri, applicationName) }
    }

    deinit { mongoc_uri_destroy(uri) }

    /// The database that the URI's path names; `nil` where it names none.
    var database: String? { mongoc_uri_get_database(uri).map { String(cString: $0) } }

    /// Lowers the limits for a connection that only asks whether the server is there.
    func limit(to milliseconds: Int32) {
        for (option, given) in zip(Self.limitOptions, limits) where given > milliseconds {
            mongoc_uri_set_option_as_int32(uri, option, milliseconds)
        }
    }

    /// The limits in force, in milliseconds: to select a server, to connect, to wait for an answer.
    var limits: [Int32] { Self.limitOptions.map { mongoc_uri_get_option_as_int32(uri, $0, .max) } }

    private static let limitOptions = [
        MONGOC_URI_SERVERSELECTIONTIMEOUTMS, MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_URI_SOCKETTIMEOUTMS,
    ]

    private func setUnlessGiven(_ option: String, _ milliseconds: Int32) {
        guard !mongoc_uri_has_option(uri, option) else { return }
        mongoc_uri_set_option_as_int32(uri, option, milliseconds)
    }

    /// Reserved characters in a password make libmongoc read a part of it as host or option, and log that.
    private static func refuseUnescaped(_ text: String) throws(DatabaseError) {
        guard let at = text.lastIndex(of: "@") else { return }
        let credentials = text[..<at].split(separator: "://", maxSplits: 1).last ?? ""
        if credentials.contains(where: { "/?#[]@".contains($0) }) {
            throw invalid("needs its reserved characters percent-encoded in user name, password and options")
        }
    }

    /// Says what is wrong with the address, without showing it.
    static func invalid(_ what: String, cause: String = "") -> DatabaseError {
        DatabaseError(.invalidConfiguration, store: mongoStoreName, "the address \(what)", cause: cause)
    }
}

/// How long calls may wait, in milliseconds, unless the URI says otherwise.
struct TimeLimits {
    /// For a server to be found, and for one connection to be made.
    var serverSelection: Int32
    /// For an answer on a connection.
    var socket: Int32
}
