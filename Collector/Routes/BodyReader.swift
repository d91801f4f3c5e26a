import Compression
import HTTPTypes
import Hummingbird
import Operations

/// Reads bodies within limits, and inflates them.
struct BodyReader: Sendable {
    let limits: CollectorLimits

    /// The body's bytes, inflated.
    /// - Parameter share: what the request holds of the collector's memory; grows as bytes arrive.
    func read(_ request: Request, _ share: inout MemoryShare) async throws -> [UInt8] {
        let coding = try coding(of: request)
        let bytes = try await collect(request, &share)
        guard let coding else { return bytes }
        var inflateLimits = InflateLimits()
        inflateLimits.size = limits.inflatedSize
        do {
            let inflated = try coding.inflate(bytes, limits: inflateLimits)
            guard share.grow(by: inflated.count) else { throw Problem(.tooBusy) }
            return inflated
        } catch let error as InflateError {
            throw Problem(.notInflatable(coding, error))
        }
    }

    /// One coding or none; a list of them is refused, as are those that are not known.
    private func coding(of request: Request) throws -> ContentCoding? {
        guard let name = request.headers[.contentEncoding], name.lowercased() != "identity" else { return nil }
        guard let coding = ContentCoding(name: name) else { throw Problem(.unsupportedEncoding) }
        return coding
    }

    private func collect(_ request: Request, _ share: inout MemoryShare) async throws -> [UInt8] {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        guard (length ?? 0) <= limits.bodySize else { throw Problem(.bodyTooLarge(limit: limits.bodySize)) }
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            let size = bytes.count + buffer.readableBytes
            guard size <= limits.bodySize else { throw Problem(.bodyTooLarge(limit: limits.bodySize)) }
            guard share.grow(by: buffer.readableBytes) else { throw Problem(.tooBusy) }
            if bytes.isEmpty { bytes.reserveCapacity(max(length ?? 0, size)) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        // A connection that is cut ends the body without an error.
        guard length == nil || length == bytes.count else {
            throw HTTPError(.badRequest, message: "the body ends early")
        }
        return bytes
    }
}
