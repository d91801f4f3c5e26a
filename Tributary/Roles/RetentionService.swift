import EmbeddedStores
import Logging
import ServiceLifecycle

/// Drops what has expired in a data directory, time and again.
struct RetentionService: Service {
    let directory: DataDirectory
    /// How many days raw events are kept.
    let rawRetentionDays: Int
    let logger: Logger

    /// The time between two passes: what expires in it is a small part of the shortest retention, an hour.
    private static let interval: Duration = .seconds(60)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await pass()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Trouble is the next pass's chance: nothing is lost but space.
    private func pass() async {
        do {
            let expired = try await directory.expire(
                at: currentMilliseconds(), rawRetention: Int64(rawRetentionDays) * 24 * 3600 * 1000)
            guard !expired.isEmpty else { return }
            logger.info(
                "Expired data was dropped",
                metadata: [
                    "records": "\(expired.records)", "events": "\(expired.events)", "ids": "\(expired.ids)",
                ])
        } catch {
            logger.warning("Expired data could not be dropped", metadata: ["error": "\(error)"])
        }
    }
}
