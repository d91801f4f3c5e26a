import Hummingbird
import Logging

/// A bare route: no middleware, no metrics.
func serveByHummingbird(port: Int) async throws {
    let router = Router()
    router.get("/readyz") { _, _ in HTTPResponse.Status.ok }
    router.post("/v1/events") { request, _ in
        var request = request
        _ = try await request.collectBody(upTo: 1 << 20)
        return Response(
            status: .accepted, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: answer))
    }
    var logger = Logger(label: "null")
    logger.logLevel = .warning
    let application = Application(
        router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
        logger: logger)
    try await application.runService()
}
