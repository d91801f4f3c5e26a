import HTTPTypes
public import Hummingbird

/// Answers `/openapi.json` with the description of a server's own interface.
/// - Parameter document: an OpenAPI document, JSON.
public func addDescriptionRoute(to router: Router<some RequestContext>, document: [UInt8]) {
    let body = ByteBuffer(bytes: document)
    router.get("openapi.json") { _, _ in
        Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }
}
