import HTTPTypes
public import Hummingbird

/// Adds the dashboard's page: `/`, and what it loads below `/page/`. It holds no numbers, so anybody may have it; it
/// asks the API as anybody would.
/// - Parameter directory: where its files are read from instead of the binary; for who works on them.
public func addPage(to router: Router<some RequestContext>, directory: String?) {
    let files = PageFiles(directory: directory)
    for method in [HTTPRequest.Method.get, .head] {
        router.on("/", method: method) { request, _ in try answer(files, "index.html", to: request) }
        router.on("/page/:file", method: method) { request, context in
            try answer(files, context.parameters.get("file") ?? "", to: request)
        }
    }
}

private func answer(_ files: PageFiles, _ name: String, to request: Request) throws -> Response {
    guard let file = files.file(name) else { throw HTTPError(.notFound) }
    var headers = protection
    headers[.eTag] = file.tag
    headers[.cacheControl] = "no-cache"
    if request.headers[values: .ifNoneMatch].contains(file.tag) {
        return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = file.type
    headers[.contentLength] = String(file.body.readableBytes)
    let body = request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: file.body)
    return Response(status: .ok, headers: headers, body: body)
}

/// What browsers are told to forbid: everything but scripts, styles and answers of this server itself. Text can never
/// become markup or code (`require-trusted-types-for`), whatever values events carry.
private let protection: HTTPFields = {
    var headers: HTTPFields = [:]
    headers[.contentSecurityPolicy] = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")
    headers[.xContentTypeOptions] = "nosniff"
    for (name, value) in [
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
    ] {
        if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return headers
}()
