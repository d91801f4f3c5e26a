internal import CPostgres
internal import Glibc
internal import Stores

/// A `postgres://` URL or libpq's `key=value` text, checked once.
struct ConnectionString: Sendable {
    private let text: String
    private let password: String?

    /// Throws `.invalidConfiguration`, without quoting the text: it may hold a password.
    init(_ text: String) throws(DatabaseError) {
        let settings = try Self.parse(text)
        // A password with unescaped characters spills into these, and would then be shown in errors.
        let port = settings["port"] ?? ""
        guard !"\(settings["host"] ?? "")\(settings["dbname"] ?? "")".contains("@"),
            port.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "," })
        else {
            throw Self.invalid("special characters of the user name and the password must be percent-encoded")
        }
        self.text = text
        password = settings["password"]
    }

    /// Connects, waiting as long as the time limit allows, and hands over the connection whether or not it stands.
    func connect(_ options: PostgresOptions) -> OpaquePointer? {
        // Later ones override earlier ones; `dbname` is expanded into all that the text says.
        let settings = [
            ("application_name", options.applicationName),
            ("connect_timeout", String((options.connectTimeout.wholeMilliseconds + 999) / 1_000)),
            // A server that vanished without a word is noticed in about a minute.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", String(options.statementTimeout.wholeMilliseconds)),
            ("dbname", text),
            ("client_encoding", "UTF8"),
        ]
        return withCStrings(settings.map(\.0)) { names in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
        }
    }

    /// The message without the password, should libpq ever quote it.
    func redacted(_ message: String) -> String {
        guard let password, !password.isEmpty else { return message }
        return message.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
    }

    private static func parse(_ text: String) throws(DatabaseError) -> [String: String] {
        guard let settings = PQconninfoParse(text, nil) else {
            throw invalid("neither a postgres:// URL nor key=value pairs that libpq knows")
        }
        defer { PQconninfoFree(settings) }
        var found: [String: String] = [:]
        var setting = settings
        while let keyword = setting.pointee.keyword {
            if let value = setting.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            setting += 1
        }
        return found
    }

    private static func invalid(_ reason: String) -> DatabaseError {
        DatabaseError(postgres: .invalidConfiguration, "the address of the database cannot be used: \(reason)")
    }
}

/// A NULL-ended array of C strings, valid within `body`.
private func withCStrings<Value>(_ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { UnsafePointer($0) } + [nil])
}
