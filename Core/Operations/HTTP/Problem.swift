public import HTTPTypes
public import Hummingbird

/// An error for the client: the `application/problem+json` of RFC 9457.
public struct Problem: Error, HTTPResponseError, ResponseGenerator, Sendable {
    /// The response's status.
    public let status: HTTPResponse.Status
    /// Bounded and stable, for programs and metric labels: `snake_case`.
    public let code: String
    /// For people: what is wrong with this very request and what would be right.
    public let detail: String
    /// The field, parameter or header at fault.
    public let field: String?
    /// Headers of the response beside `Content-Type`, such as `Retry-After`.
    public let headers: HTTPFields

    /// Describes what is wrong.
    public init(
        _ status: HTTPResponse.Status, code: String, detail: String, field: String? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        self.headers = headers
    }

    /// The response's body.
    public var json: [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "{")]
        json.append(member: "type", "about:blank")
        json.append(member: "title", status.reasonPhrase.isEmpty ? code : status.reasonPhrase)
        json.append(memberName: "status")
        json.append(contentsOf: String(status.code).utf8)
        json.append(member: "code", code)
        json.append(member: "detail", detail)
        if let field { json.append(member: "field", field) }
        json.append(UInt8(ascii: "}"))
        return json
    }

    public func response(from request: Request, context: some RequestContext) -> Response { response }

    /// The response as a whole.
    var response: Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}
