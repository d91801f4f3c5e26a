public import Operations
public import ServiceLifecycle

/// Reads an issuer's keys at the start and from time to time: keys that the issuer has withdrawn are to go.
public struct KeyRefresh: Service, CustomStringConvertible {
    private let ring: KeyRing
    private let interval: Duration

    /// - Parameter interval: the time from one reading to the next.
    public init(_ ring: KeyRing, every interval: Duration) { (self.ring, self.interval) = (ring, interval) }

    /// How lifecycle messages call it.
    public var description: String { "key refresh" }

    /// Says on `/readyz` that nobody can be let in yet. No reason to send requests elsewhere: others know no more.
    public var health: HealthCheck {
        HealthCheck.noting(name: "issuer keys") { [ring] in
            ring.generation == 0 ? "the issuer's keys could not be read yet; nobody can be let in" : nil
        }
    }

    /// Reads until the shutdown begins; failures are repeated sooner.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(initial: .seconds(1), maximum: .seconds(30))
            while !Task.isCancelled {
                let isDone = (try? await ring.read()) != nil
                if isDone { backoff.reset() }
                try? await Task.sleep(for: isDone ? interval : min(interval, backoff.next()))
            }
        }
    }
}
