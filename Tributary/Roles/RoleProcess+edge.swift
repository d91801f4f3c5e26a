import ArgumentParser
import Collector
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Operations
import ServiceLifecycle
import Stores

extension RoleProcess {
    /// The collector's server. Ends the process, as any wrong setting does, where certificate or key cannot be used.
    func collectorServer(
        log: any EventLog, spill: Spill?, durability: String, keys: WriteKeys, parts: CollectorParts, health: Health
    ) throws -> any Service {
        let settings = settings.collector
        let rules = AdmissionRules(settings.admission)
        let origins = AllowedOrigins(settings.edge.allowedOrigins)
        let tls = try tlsFiles(settings.edge)
        return server(
            host: settings.host, port: settings.port, health: health, context: CollectorContext.self,
            http: { responder in
                .guarded(
                    limits: settings.edge.connections, tls: tls, refusalHeaders: origins.refusalHeaders,
                    whole: WholeRequests(.post, "/v1/events", responder: responder, logger: logger.quiet))
            }
        ) { router in
            addCollectorRoutes(
                to: router, log: log, keys: keys, durability: durability, spill: spill,
                schemas: parts.schemas, rejected: parts.rejected, limits: CollectorLimits(settings.edge),
                origins: origins, rules: rules,
                now: currentMilliseconds)
        }
    }

    private func tlsFiles(_ edge: Settings.Edge) throws -> TLSFiles? {
        guard let tls = edge.tls else { return nil }
        do {
            return try TLSFiles(certificate: tls.certificate, key: tls.key)
        } catch {
            say("tributary \(self.settings.role.rawValue): \(error)")
            throw ExitCode(78)
        }
    }
}

extension CollectorLimits {
    fileprivate init(_ edge: Settings.Edge) {
        self.init()
        (bodySize, events) = (edge.bodySize, edge.events)
        (requestsInFlight, bufferedBytes) = (edge.requests, edge.bufferedBytes)
    }
}
