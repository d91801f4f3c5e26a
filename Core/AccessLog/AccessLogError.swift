/// Why a line of an access log is malformed.
public struct AccessLogError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Which line, from 1.
    public let line: Int
    /// The byte of the line at which reading stopped, from 1.
    public let column: Int
    /// What was expected, for people.
    public let reason: String

    /// Describes an error.
    public init(line: Int, column: Int, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    /// `line 12, column 34: …`.
    public var description: String { "line \(line), column \(column): \(reason)" }
}
