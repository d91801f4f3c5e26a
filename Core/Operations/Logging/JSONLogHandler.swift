import Events
import Foundation
public import Logging

/// Writes each record as one line of JSON:
/// `{"time":"2025-05-01T10:00:00.250Z","level":"info","message":…,"logger":…,"role":…,…metadata}`.
///
/// A metadata key that is also one of the line's own gets a trailing underscore.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let role: String
    private let sink: any LogSink

    /// Makes the handler of one logger.
    public init(
        label: String, role: String, level: Logger.Level, sink: any LogSink,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.role = role
        self.logLevel = level
        self.sink = sink
        self.metadataProvider = metadataProvider
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }

        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(UInt8(ascii: "{"))
        line.append(member: "time", currentTime())
        line.append(member: "level", event.level.rawValue)
        line.append(member: "message", event.message.description)
        line.append(member: "logger", label)
        line.append(member: "role", role)
        line.append(members: all, reserved: ["time", "level", "message", "logger", "role"])
        line.append(raw: "}\n")
        sink.write(line)
    }
}

/// Makes all loggers of the process write JSON lines to `sink`. Call it once, before the first logger is made;
/// a second call traps.
public func bootstrapLogging(role: String, level: Logger.Level, sink: any LogSink = DescriptorSink()) {
    LoggingSystem.bootstrap(
        { label, provider in
            JSONLogHandler(label: label, role: role, level: level, sink: sink, metadataProvider: provider)
        }, metadataProvider: nil)
}

extension [UInt8] {
    /// Appends metadata as members, in the order of their names.
    fileprivate mutating func append(members metadata: Logger.Metadata, reserved: [String] = []) {
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append(memberName: reserved.contains(key) ? key + "_" : key)
            append(value)
        }
    }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): append(jsonString: text)
        case .stringConvertible(let value): append(jsonString: value.description)
        case .dictionary(let members):
            append(UInt8(ascii: "{"))
            append(members: members)
            append(UInt8(ascii: "}"))
        case .array(let values):
            append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(value)
            }
            append(UInt8(ascii: "]"))
        }
    }
}

/// The time now: RFC 3339, UTC, milliseconds.
private func currentTime() -> String { Timestamp.format(Int64(Date().timeIntervalSince1970 * 1000)) }
