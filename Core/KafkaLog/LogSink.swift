import Logging

/// Where librdkafka's own log lines go. Called on its threads.
final class LogSink: Sendable {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func write(_ level: Int32, _ facility: UnsafePointer<CChar>?, _ message: UnsafePointer<CChar>?) {
        let level = Self.level(syslog: level)
        guard level >= logger.logLevel, let message else { return }
        let facility = facility.map { String(cString: $0) } ?? ""
        logger.log(
            level: level, "librdkafka says",
            metadata: ["facility": "\(facility)", "text": "\(String(cString: message))"])
    }

    private static func level(syslog: Int32) -> Logger.Level {
        switch syslog {
        case ...2: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }
}
