extension Settings {
    /// What the collector takes from the internet.
    public struct Edge: Sendable {
        /// Connections, heads and the pace of bodies.
        public var connections = ConnectionLimits()
        /// Bytes of a request's body as sent.
        public var bodySize: Int
        /// Events of a request.
        public var events: Int
        /// Requests being worked on at once.
        public var requests: Int
        /// Bytes of bodies in memory at once.
        public var bufferedBytes: Int
        /// Origins of web pages that may send from browsers; `*` for all.
        public var allowedOrigins: [String]
        /// The PEM files of certificate chain and key; `nil` for plain HTTP.
        public var tls: (certificate: String, key: String)?
    }
}

extension Settings.Edge {
    init(reader: inout SettingsReader) {
        bodySize = reader.number("collector.maxBodyBytes", default: 1 << 20, in: 1024...(1 << 20))
        events = reader.number("collector.maxEvents", default: 1000, in: 1...10_000)
        requests = reader.number("collector.maxRequests", default: 1024, in: 1...1_000_000)
        // One body, inflated, must fit beside its compressed form.
        bufferedBytes = reader.number("collector.maxBufferedBytes", default: 64 << 20, in: (12 << 20)...(64 << 30))
        allowedOrigins = reader.value(
            "cors.allowedOrigins", default: ["*"],
            allowed: "* or origins such as https://shop.example, with commas between"
        ) { text in
            let origins = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
            return !origins.isEmpty && origins.allSatisfy(Self.isOrigin) ? origins : nil
        }
        let file = "the path of a PEM file; certificate and key are set together or not at all"
        let certificate: String? = reader.value("collector.tlsCertificate", default: nil, allowed: file) { $0 }
        let key: String? = reader.value("collector.tlsKey", default: nil, allowed: file) { $0 }
        switch (certificate, key) {
        case (let certificate?, let key?): tls = (certificate, key)
        case (nil, nil): tls = nil
        case (_, nil): reader.report("collector.tlsKey", value: nil, source: nil, allowed: file)
        case (nil, _): reader.report("collector.tlsCertificate", value: nil, source: nil, allowed: file)
        }
        connections = ConnectionLimits(reader: &reader)
    }

    static func isOrigin(_ text: String) -> Bool {
        text == "*" || text.wholeMatch(of: #/https?://[A-Za-z0-9.\-\[\]:]+/#) != nil
    }
}

extension ConnectionLimits {
    fileprivate init(reader: inout SettingsReader) {
        self.init()
        let times: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
        connections = reader.number("collector.maxConnections", default: connections, in: 1...1_000_000)
        headerCount = reader.number("collector.maxHeaders", default: headerCount, in: 10...10_000)
        headerSize = reader.number("collector.maxHeaderBytes", default: headerSize, in: 1024...(1 << 20))
        headTimeout = reader.duration("collector.headTimeout", default: headTimeout, in: times)
        bodyTimeout = reader.duration("collector.bodyTimeout", default: bodyTimeout, in: times)
        bodyRate = reader.number("collector.minBodyRate", default: bodyRate, in: 0...(1 << 30))
        idleTimeout = reader.duration("collector.idleTimeout", default: idleTimeout, in: times)
    }
}
