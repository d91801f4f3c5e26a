import HTTPTypes
import Operations

/// Where a request comes from, as browsers tell.
extension HTTPRequest {
    /// Whether the request changes nothing.
    var isSafe: Bool { [.get, .head, .options].contains(method) }

    /// Whether the browser has added who somebody is by itself, without the page's doing.
    var isCarriedByCookie: Bool {
        headerFields[.authorization] == nil && SessionCookie.token(of: headerFields) != nil
    }

    /// Whether a page of ours sent it. A page cannot set these headers, so what they say is the browser's word; a request
    /// without them is no proof.
    var isOfSameOrigin: Bool {
        if let site = headerFields[.secFetchSite] { return site == "same-origin" }
        guard let origin = headerFields[.origin], let scheme = origin.firstRange(of: "://") else { return false }
        let sender = Self.hostAndPort(origin[scheme.upperBound...])
        // A proxy may have been asked under another name than we are. Cross-site pages cannot set the header unasked.
        let forwarded = headerFields[.xForwardedHost]?.prefix { $0 != "," }
        return [authority.map { $0[...] }, forwarded].contains { $0.map(Self.hostAndPort) == sender }
    }

    /// Whether the browser reached us by TLS, here or at a proxy: then a cookie is to travel by TLS only.
    var isByTLS: Bool {
        scheme == "https" || headerFields[.origin]?.hasPrefix("https://") == true
            || headerFields[.xForwardedProto]?.hasPrefix("https") == true
    }

    private static func hostAndPort(_ text: Substring) -> String {
        let name = text.lowercased()
        return [":80", ":443"].first(where: name.hasSuffix).map { String(name.dropLast($0.count)) } ?? name
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
    static let xForwardedHost = HTTPField.Name("X-Forwarded-Host")!
    static let xForwardedProto = HTTPField.Name("X-Forwarded-Proto")!
}

extension Problem {
    /// What another site's page is told.
    static var otherOrigin: Problem {
        Problem(
            .forbidden, code: "other_origin", detail: "a browser may ask for this from our own pages only",
            field: "Origin")
    }
}
