/// Why bytes are not a set of visitor numbers.
public struct BitmapsError: Error, Equatable, CustomStringConvertible {
    /// Bounded, for switches and metric labels.
    public enum Code: String, Sendable, CaseIterable {
        /// The bytes end too early.
        case truncated
        /// Bytes follow the end.
        case trailingBytes = "trailing_bytes"
        /// They do not begin as the portable format does.
        case unknownFormat = "unknown_format"
        /// Containers, numbers or runs are not in order, or an offset or a count is wrong.
        case malformed
        /// The library found a fault that the check before it did not.
        case refusedByLibrary = "refused_by_library"
    }

    /// What is wrong.
    public let code: Code
    /// Where, in bytes from the start.
    public let offset: Int

    init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    public var description: String { "not a Roaring bitmap: \(code.rawValue) at byte \(offset)" }
}
