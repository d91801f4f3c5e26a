/// A compression that a body may come in, as `Content-Encoding` calls it.
public enum ContentCoding: String, Sendable, CaseIterable {
    case gzip
    case zstd

    /// What `Accept-Encoding` says in an answer to a coding that is not taken.
    public static let list = allCases.map(\.rawValue).joined(separator: ", ")

    /// The coding of this name, in any case; `x-gzip` is the old name of gzip. `nil` for any other, and for a list.
    public init?(name: some StringProtocol) {
        let name = name.lowercased()
        self.init(rawValue: name == "x-gzip" ? "gzip" : name)
    }

    /// Inflates a body, and stops as soon as it proves to be too large.
    /// - Throws: `InflateError`; nothing of the output is to be used then.
    public func inflate(_ input: [UInt8], limits: InflateLimits = InflateLimits()) throws(InflateError) -> [UInt8] {
        var output = InflatedBytes(limits: limits)
        switch self {
        case .gzip: try GzipStream().inflate(input, into: &output)
        case .zstd: try ZstdStream().inflate(input, into: &output)
        }
        return output.bytes
    }
}

/// How much a body may grow.
public struct InflateLimits: Sendable {
    /// Bytes of the inflated body, at most.
    public var size = 10 << 20
    /// Bytes of output for one of input, at most, once there is more output than `ratioFloor`.
    public var ratio = 100
    /// Less output than this is harmless, however little it came from.
    public var ratioFloor = 1 << 20
    /// Gzip members or zstd frames, one after the other, at most.
    public var members = 16

    /// The contract's limits.
    public init() {}
}

/// Why a body cannot be inflated.
public enum InflateError: Error, Equatable {
    /// The input ends within the compressed data.
    case truncated
    /// The input is not what its coding says.
    case broken(reason: String)
    /// The output would have more than so many bytes.
    case tooLarge(limit: Int)
    /// The output grows more than so many times.
    case tooDense(limit: Int)
    /// There are more members or frames than that.
    case tooManyMembers(limit: Int)
}

/// The output so far, watched.
struct InflatedBytes {
    private(set) var bytes: [UInt8] = []
    private(set) var members = 0
    let limits: InflateLimits

    init(limits: InflateLimits) { self.limits = limits }

    /// Takes what came out of the first `consumed` bytes of the input.
    mutating func append(_ new: UnsafeRawBufferPointer, consumed: Int) throws(InflateError) {
        let size = bytes.count + new.count
        guard size <= limits.size else { throw .tooLarge(limit: limits.size) }
        guard size <= limits.ratioFloor || size / max(consumed, 1) < limits.ratio else {
            throw .tooDense(limit: limits.ratio)
        }
        bytes.append(contentsOf: new)
    }

    /// Another member begins.
    mutating func beginMember() throws(InflateError) {
        members += 1
        guard members <= limits.members else { throw .tooManyMembers(limit: limits.members) }
    }
}
