/// What is known of an event beyond what the client said: from the request, and by enrichment.
///
/// Words such as `mobile` or `search` are texts here, so that a record written by a newer version can be read. No part
/// has a say in `payloadHash`: a better table of browsers makes no conflicts.
public struct EventContext: Sendable, Equatable {
    /// The client's address, anonymised (IPv4 /24, IPv6 /48).
    public var clientAddress: String?
    /// The client's `User-Agent`.
    public var userAgent: String?
    /// The class of device: `desktop`, `mobile`, `tablet`, `tv`, `console`, `other`.
    public var device: String?
    /// The browser, or the program that stands for one.
    public var browser: Product?
    /// The operating system.
    public var os: Product?
    /// The name of the robot that this is; `nil` for people, as far as can be told.
    public var bot: String?
    /// Where the visitor came from.
    public var referrer: Referrer?
    /// The page's path, with secrets removed.
    public var path: String?
    /// ISO 3166-1 alpha-2.
    public var country: String?
    /// The campaign that the address names.
    public var utm = UTM()
    /// Codes of the enrichment steps that failed, in their order. Bounded.
    public var failures: [String] = []
    /// The trace that the client's request belongs to: the 32 hexadecimal digits of a W3C `traceparent`.
    public var traceID: String?

    /// An empty context, or one with what the request told.
    public init(clientAddress: String? = nil, userAgent: String? = nil) {
        self.clientAddress = clientAddress
        self.userAgent = userAgent
    }

    /// A program by its name, with the part of its version that tells versions apart.
    public struct Product: Sendable, Hashable {
        /// The name, such as `Firefox` or `Windows`.
        public var name: String
        /// The version, such as `128` or `14.4`; `nil` where it was not told.
        public var version: String?

        /// Names a program.
        public init(name: String, version: String? = nil) {
            self.name = name
            self.version = version
        }
    }

    /// Where a visitor came from.
    public struct Referrer: Sendable, Hashable {
        /// The referring page's host, lower case, without `www.`; `nil` for a visit without a referrer.
        public var host: String?
        /// `direct`, `internal`, `search`, `social`, `email`, `ai`, `video`, `app` or `other`.
        public var kind: String

        /// Names a referrer.
        public init(host: String?, kind: String) {
            self.host = host
            self.kind = kind
        }
    }

    /// What the parameters `utm_…` of an address say.
    public struct UTM: Sendable, Hashable {
        /// `utm_source`
        public var source: String?
        /// `utm_medium`
        public var medium: String?
        /// `utm_campaign`
        public var campaign: String?
        /// `utm_term`
        public var term: String?
        /// `utm_content`
        public var content: String?

        /// Says nothing yet.
        public init() {}

        /// Whether nothing is said.
        public var isEmpty: Bool {
            source == nil && medium == nil && campaign == nil && term == nil && content == nil
        }
    }
}
