import HTTPTypes

/// The cookie that holds a token, for the page: its scripts cannot read it, and no other site's request carries it.
enum SessionCookie {
    static let name = "tributary_session"
    /// Bytes of a token, at most: browsers keep cookies of up to 4096, attributes included.
    static let maximumSize = 3_900

    static func token(of fields: HTTPFields) -> String? {
        for header in fields[values: .cookie] {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix("\(name)=") { return String(pair.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }

    /// The field that sets it.
    /// - Parameter lifetime: seconds.
    static func field(_ token: String, lifetime: Int64, isSecure: Bool) -> String {
        "\(name)=\(token); Path=/; Max-Age=\(lifetime); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }
}
