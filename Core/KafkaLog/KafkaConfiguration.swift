/// What a `KafkaLog` needs to know.
public struct KafkaConfiguration: Sendable {
    /// `host:port`, separated by commas.
    public var bootstrapServers: String
    /// Further librdkafka properties, by its names; they come before this program's own choices. Names of
    /// `guaranteed` are refused, names that librdkafka does not know too: the caller filters by `verdict`.
    public var properties: [String: String]
    /// The name that brokers see in their logs.
    public var clientID: String
    /// How long a record may wait for its acknowledgement, with all retries.
    public var produceTimeout: Duration
    /// How long any other request may take.
    public var requestTimeout: Duration

    /// Describes a log and how to talk to it.
    public init(
        bootstrapServers: String, properties: [String: String] = [:], clientID: String,
        produceTimeout: Duration = .seconds(10), requestTimeout: Duration = .seconds(5)
    ) {
        (self.bootstrapServers, self.properties, self.clientID) = (bootstrapServers, properties, clientID)
        (self.produceTimeout, self.requestTimeout) = (produceTimeout, requestTimeout)
    }
}

extension Duration {
    /// Rounded up, at least 1 and within what librdkafka takes.
    var milliseconds: Int32 {
        let exact = self / .milliseconds(1)
        return Int32(max(1, min(exact.rounded(.up), Double(Int32.max))))
    }
}
