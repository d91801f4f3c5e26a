import ArgumentParser
import DashboardAPI
import Operations
import ServiceLifecycle
import Stores

/// Who may ask the dashboard, and what that needs in a process.
struct DashboardAccess {
    let access: Access
    /// Keeps the issuer's keys fresh; `nil` where nobody needs a token.
    var refresh: KeyRefresh?
    /// What SIGHUP reads again.
    var reloadables: [Reloadable] = []

    var services: [any Service] { refresh.map { [$0] } ?? [] }
    var checks: [HealthCheck] { refresh.map { [$0.health] } ?? [] }
}

extension RoleProcess {
    /// By the settings. A file of keys that cannot be used ends the process as any wrong setting does; an issuer that
    /// does not answer does not: it may later.
    func buildAccess() async throws -> DashboardAccess {
        guard let tokens = settings.dashboard.tokens else { return DashboardAccess(access: .open) }
        let ring: KeyRing
        var reloadables: [Reloadable] = []
        switch tokens.keys {
        case .url(let url): ring = KeyRing(source: .url(url), cooldown: tokens.cooldown, logger: logger)
        case .file(let path):
            ring = KeyRing(source: .file(path), cooldown: tokens.cooldown, logger: logger)
            do { try await ring.read() } catch {
                say("JWKS_FILE: \(path) cannot be used: \(error)")
                throw ExitCode(78)
            }
            reloadables.append(Reloadable(name: "issuer keys") { try await ring.read() })
        }
        let access = Access(
            keys: ring, rules: TokenRules(tokens), knownTokens: tokens.knownTokens,
            limit: settings.dashboard.subjectRate.map {
                SubjectLimit($0, tableSize: settings.dashboard.subjectTableSize)
            }, now: currentMilliseconds)
        return DashboardAccess(
            access: access, refresh: KeyRefresh(ring, every: tokens.refresh), reloadables: reloadables)
    }

    /// What tells how far events have come; `nil` where only the rollups' address is known.
    func buildPipelineStores(_ rollups: any RollupStore) throws -> PipelineStores? {
        guard !settings.kafka.bootstrapServers.isEmpty, !settings.mongodb.uri.isEmpty else { return nil }
        return pipelineStores(log: try buildLog(), raw: try buildRawEventStore(), rollups: rollups)
    }

    func pipelineStores(log: any EventLog, raw: any RawEventStore, rollups: any RollupStore) -> PipelineStores {
        PipelineStores(
            log: log, raw: raw, rollups: rollups, group: settings.worker.group,
            assumedRetention: Int64(settings.worker.assumedRetention / .milliseconds(1)))
    }

    /// What the live view tells.
    func buildLiveHub(_ feed: any LiveFeed) -> LiveHub {
        var limits = LiveLimits()
        limits.viewers = settings.dashboard.liveViewers
        limits.origins = Set(settings.dashboard.liveOrigins)
        return LiveHub(feed: feed, limits: limits, logger: logger, now: currentMilliseconds)
    }
}
