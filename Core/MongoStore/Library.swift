internal import CMongoC
internal import Logging

/// Initialises libmongoc, once a process, and sends what it has to say to the program's log.
func startLibrary() { _ = started }

private let log = Logger(label: "tributary.mongodb")

private let started: Void = {
    mongoc_init()
    mongoc_log_set_handler(
        { level, domain, message, _ in
            guard let message else { return }
            let text = String(cString: message)
            let part = domain.map { String(cString: $0) } ?? ""
            // Said when a pooled client that was never used goes: nothing is lost by it.
            let isNoise = text.hasPrefix("Couldn't send \"endSessions\"")
            switch level {
            case _ where isNoise: log.debug("\(text)")
            case MONGOC_LOG_LEVEL_ERROR, MONGOC_LOG_LEVEL_CRITICAL: log.error("\(text)", metadata: ["part": "\(part)"])
            case MONGOC_LOG_LEVEL_WARNING: log.warning("\(text)", metadata: ["part": "\(part)"])
            default: log.debug("\(text)", metadata: ["part": "\(part)"])
            }
        }, nil)
}()
