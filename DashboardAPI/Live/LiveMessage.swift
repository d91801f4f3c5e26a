import Foundation
import NIOCore
import Stores

/// What a viewer is told: seconds, oldest first. One that was told before replaces what was said.
struct LiveMessage: Encodable {
    struct Share: Encodable {
        var events: [String: Int]
        var visitors: Int
        /// What 95 % of the events kept, from receipt to storage, in milliseconds.
        var latency: Int64?
    }

    struct Second: Encodable {
        /// Milliseconds since 1970.
        var at: Int64
        /// Whether the visitors are those of the whole five minutes.
        var exact: Bool
        /// As in a share, over all of them.
        var latency: Int64?
        var sources: [String: Share]
    }

    var seconds: [Second]

    /// As much as somebody may see.
    init(_ seconds: [LiveSecond], for visible: Caller.Sources) {
        self.seconds = seconds.map { second in
            let shares = second.sources.filter { visible.contain($0.key) }
            var latency = LatencyHistogram()
            for share in shares.values { latency += share.latency }
            return Second(
                at: second.at, exact: second.isExact, latency: latency.quantile,
                sources: shares.mapValues {
                    Share(events: $0.events, visitors: $0.visitors, latency: $0.latency.quantile)
                })
        }
    }

    var json: ByteBuffer {
        get throws { ByteBuffer(bytes: try JSONEncoder().encode(self)) }
    }
}

extension LatencyHistogram {
    fileprivate var quantile: Int64? { bound(ofQuantile: 0.95) }
}

extension Caller.Sources {
    fileprivate func contain(_ source: String) -> Bool {
        switch self {
        case .all: true
        case .only(let permitted): permitted.contains(source)
        }
    }
}
