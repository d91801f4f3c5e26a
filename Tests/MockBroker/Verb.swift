import CRDKafka

/// One line of the control channel: a verb and its arguments, separated by spaces.
enum Verb {
    static let overview = """
        down BROKER                                 cuts all connections and refuses new ones (-1: every broker)
        up BROKER                                   accepts connections again
        rtt BROKER MS                               delays every answer
        leader TOPIC PARTITION BROKER               moves a partition's leader (-1: none)
        topic-error TOPIC CODE                      error in answers to Metadata; none: no more
        request-errors APIKEY CODE...               the next requests of that kind fail, one code each
        clear-request-errors APIKEY                 forgets those not used yet
        broker-request-error BROKER APIKEY CODE MS  one failing answer of one broker, after a delay
        create TOPIC PARTITIONS                     makes a topic
        A CODE is a number or a name of librdkafka's, such as NOT_LEADER_FOR_PARTITION; none is 0.
        """

    case help
    case down(Int32)
    case up(Int32)
    case rtt(Int32, Int32)
    case leader(String, Int32, Int32)
    case topicError(String, rd_kafka_resp_err_t)
    case requestErrors(Int16, [rd_kafka_resp_err_t])
    case clearRequestErrors(Int16)
    case brokerRequestError(Int32, Int16, rd_kafka_resp_err_t, Int32)
    case create(String, Int32)

    init(_ line: String) throws {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        switch (words.first, words.count) {
        case ("help", 1): self = .help
        case ("down", 2): self = .down(try number(words[1]))
        case ("up", 2): self = .up(try number(words[1]))
        case ("rtt", 3): self = .rtt(try number(words[1]), try number(words[2]))
        case ("leader", 4): self = .leader(words[1], try number(words[2]), try number(words[3]))
        case ("topic-error", 3): self = .topicError(words[1], try code(words[2]))
        case ("request-errors", 3...): self = .requestErrors(try number(words[1]), try words[2...].map(code))
        case ("clear-request-errors", 2): self = .clearRequestErrors(try number(words[1]))
        case ("broker-request-error", 5):
            self = .brokerRequestError(
                try number(words[1]), try number(words[2]), try code(words[3]), try number(words[4]))
        case ("create", 3): self = .create(words[1], try number(words[2]))
        default: throw Problem("not understood; try help")
        }
    }
}

private func number<Number: FixedWidthInteger>(_ text: String) throws -> Number {
    guard let number = Number(text) else { throw Problem("\(text) is no such number") }
    return number
}

/// The error of that number or name.
private func code(_ text: String) throws -> rd_kafka_resp_err_t {
    if text == "none" { return RD_KAFKA_RESP_ERR_NO_ERROR }
    if let number = Int32(text) { return rd_kafka_resp_err_t(rawValue: number) }
    var first: UnsafePointer<rd_kafka_err_desc>?
    var count = 0
    rd_kafka_get_err_descs(&first, &count)
    for description in UnsafeBufferPointer(start: first, count: count) {
        if let name = description.name, String(cString: name) == text { return description.code }
    }
    throw Problem("\(text) is no error code")
}
