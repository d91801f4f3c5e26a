import Crypto
import Foundation
import HTTPTypes
import Operations

/// The opening handshake of a WebSocket (RFC 6455, 4.2), by the request's head.
enum Handshake {
    /// What the answer 101 carries.
    /// - Parameter origins: pages that may connect beside those of this server, as `https://host`.
    /// - Throws: `Problem` that says what is missing: 426, 400, or 403 for a page of somewhere else.
    static func answer(_ head: HTTPRequest, origins: Set<String>) throws(Problem) -> HTTPFields {
        guard head.headerFields.words(.upgrade).contains("websocket"),
            head.headerFields.words(.connection).contains("upgrade"),
            let version = HTTPField.Name("Sec-WebSocket-Version")
        else {
            throw Problem(
                .init(code: 426, reasonPhrase: "Upgrade Required"), code: "upgrade_required",
                detail: "this is a WebSocket", headers: [.upgrade: "websocket", .connection: "upgrade"])
        }
        guard head.headerFields[version] == "13" else {
            throw Problem(
                .init(code: 426, reasonPhrase: "Upgrade Required"), code: "websocket_version",
                detail: "the version of WebSocket spoken here is 13", headers: [version: "13"])
        }
        guard let key = HTTPField.Name("Sec-WebSocket-Key").flatMap({ head.headerFields[$0] }),
            Data(base64Encoded: key)?.count == 16, head.headerFields[.contentLength] == nil,
            head.headerFields[.transferEncoding] == nil
        else {
            throw Problem(
                .badRequest, code: "bad_handshake", detail: "Sec-WebSocket-Key must be 16 bytes in base64, and no body",
                field: "Sec-WebSocket-Key")
        }
        try checkOrigin(head, origins)
        return [.upgrade: "websocket", .connection: "upgrade", .secWebSocketAccept: accept(key)]
    }

    /// Browsers let any page open a WebSocket anywhere, with the cookies of that place, and say whose page it was.
    /// Who sends no `Origin` is no browser.
    private static func checkOrigin(_ head: HTTPRequest, _ origins: Set<String>) throws(Problem) {
        guard let origin = head.headerFields[.origin] else { return }
        guard origins.contains(origin) || head.isOfSameOrigin else { throw Problem.otherOrigin }
    }

    private static func accept(_ key: String) -> String {
        let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return Data(Insecure.SHA1.hash(data: Data(text.utf8))).base64EncodedString()
    }
}

extension HTTPFields {
    /// The comma-separated words of a field, in lower case.
    fileprivate func words(_ name: HTTPField.Name) -> [String] {
        self[values: name].flatMap { $0.split(separator: ",") }.map {
            $0.lowercased().trimmingCharacters(in: .whitespaces)
        }
    }
}
