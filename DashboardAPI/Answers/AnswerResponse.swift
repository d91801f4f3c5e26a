import HTTPTypes
import Hummingbird

/// Answers as responses.
enum AnswerResponse {
    /// An answer with its freshness: among a JSON answer's members, and in headers for both forms.
    static func ok(_ body: [UInt8], _ key: AnswerCache.Key, _ freshness: Freshness) -> Response {
        var headers = headers(key, freshness)
        headers[.contentType] = key.format == .csv ? "text/csv; charset=utf-8; header=present" : "application/json"
        let bytes =
            switch key.format {
            case .csv: body
            case .json:
                JSONObject.bytes { json in
                    json.append(members: body)
                    freshness.write(to: &json)
                }
            }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// What the client has is the answer.
    static func unchanged(_ key: AnswerCache.Key, _ freshness: Freshness) -> Response {
        Response(status: .notModified, headers: headers(key, freshness))
    }

    /// Whether the client has an answer of this tag.
    static func has(_ tag: String, _ request: Request) -> Bool {
        guard let held = request.headers[.ifNoneMatch] else { return false }
        return held.split(separator: ",").contains { part in
            let name = part.drop { $0 == " " }.prefix { $0 != " " }
            return name == tag || name == "W/\(tag)"
        }
    }

    /// `Content-Location` is the question as it was understood: a CSV file cannot repeat it.
    private static func headers(_ key: AnswerCache.Key, _ freshness: Freshness) -> HTTPFields {
        let form = key.format == .csv ? "&format=csv" : ""
        var headers: HTTPFields = [
            .eTag: freshness.tag(of: key), .cacheControl: "private, no-cache",
            .vary: "Accept, Authorization, Cookie", .contentLocation: "\(key.route)?\(key.query)\(form)",
            .xContentTypeOptions: "nosniff", .revision: String(freshness.revision), .exact: "true",
        ]
        headers[.completeThrough] = freshness.completeThroughText
        return headers
    }
}

extension HTTPField.Name {
    static let revision = Self("Tributary-Revision")!
    static let completeThrough = Self("Tributary-Complete-Through")!
    static let exact = Self("Tributary-Exact")!
}
