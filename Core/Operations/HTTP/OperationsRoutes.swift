import HTTPTypes
public import Hummingbird

/// Adds what every role answers: `/healthz`, `/readyz` and `/metrics`. The figures tell whether the role is ready now.
public func addOperationsRoutes(
    to router: Router<some RequestContext>, health: Health, metrics: PrometheusRegistry
) {
    router.get("healthz") { _, _ in
        var json: [UInt8] = [UInt8(ascii: "{")]
        json.append(member: "status", "alive")
        json.append(member: "role", health.role)
        json.append(UInt8(ascii: "}"))
        return answer(.ok, "application/json", json)
    }
    router.get("readyz") { _, _ in
        let readiness = await health.readiness()
        return answer(readiness.status == .ready ? .ok : .serviceUnavailable, "application/json", readiness.json)
    }
    router.get("metrics") { _, _ in
        await health.readiness().record(role: health.role, in: metrics)
        return answer(.ok, "text/plain; version=0.0.4; charset=utf-8", Array(metrics.exposition().utf8))
    }
}

private func answer(_ status: HTTPResponse.Status, _ type: String, _ body: [UInt8]) -> Response {
    Response(
        status: status, headers: [.contentType: type, .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
}
