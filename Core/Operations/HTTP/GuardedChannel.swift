public import HTTPTypes
public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// HTTP/1.1 on a connection, plain or over TLS, within limits: what Hummingbird's own channel does, and a guard in it.
public struct GuardedChannel: HTTPChannelHandler {
    public typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    public let responder: Responder
    fileprivate let limits: ConnectionLimits
    fileprivate let ledger: ConnectionLedger
    fileprivate let tls: NIOSSLContext?
    fileprivate let whole: WholeRequests?

    /// Adds the handlers of one connection.
    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let isSurplus = !ledger.open()
        channel.closeFuture.whenComplete { [ledger] _ in ledger.close() }
        return channel.eventLoop.makeCompletedFuture {
            // A handshake costs more than the answer is worth.
            if isSurplus && tls != nil { throw ChannelError.inappropriateOperationForState }
            let pipeline = channel.pipeline.syncOperations
            let requests = RequestGuard(limits: limits, ledger: ledger, isSurplus: isSurplus)
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
            try pipeline.addHandler(ByteWatch(telling: requests))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
            try pipeline.addHandlers([requests, HTTP1ToHTTPServerCodec(secure: tls != nil)])
            if let whole { try pipeline.addHandler(WholeRequestHandler(whole)) }
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try Value(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    /// Serves the connection's requests one after the other.
    public func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }

    private var decoderLimits: NIOHTTPDecoderLimitConfiguration {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldCount = limits.headerCount
        configuration.maxHeaderListSize = limits.headerSize
        configuration.maxHeaderFieldSize = limits.headerSize
        return configuration
    }
}

extension HTTPServerBuilder {
    /// A server of guarded connections.
    /// - Parameters:
    ///   - tls: certificate and key; `nil` for plain HTTP.
    ///   - refusalHeaders: what refusals carry that no route has made.
    ///   - whole: what is answered in one piece, past the framework's streams.
    public static func guarded(
        limits: ConnectionLimits, tls: TLSFiles? = nil, refusalHeaders: HTTPFields = [:], whole: WholeRequests? = nil
    ) -> HTTPServerBuilder {
        let ledger = ConnectionLedger(maximum: limits.connections, refusalHeaders: refusalHeaders)
        return HTTPServerBuilder { responder in
            GuardedChannel(responder: responder, limits: limits, ledger: ledger, tls: tls?.context, whole: whole)
        }
    }
}
