import Foundation

/// Lines of a file or of standard input, read in chunks.
struct LineReader: ~Copyable {
    /// Longer lines are cut off here: no access log has them, and memory stays bounded.
    static let maximumLineLength = 1 << 20
    private static let chunkSize = 1 << 18

    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var index = 0
    private var isAtEnd = false
    /// Bytes handed out so far.
    private(set) var bytesRead: Int64 = 0
    /// Bytes of the file; `nil` for a stream.
    let size: Int64?

    /// Opens a file, or standard input for `-`.
    init(path: String) throws {
        guard path != "-" else {
            handle = .standardInput
            size = nil
            return
        }
        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let length = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        size = length?.int64Value
    }

    /// The next line without its end; `nil` after the last.
    mutating func next() throws -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[index...].firstIndex(of: UInt8(ascii: "\n")) { return take(upTo: end, skipping: 1) }
            if isAtEnd || buffer.count - index > Self.maximumLineLength {
                return index < buffer.count ? take(upTo: buffer.count, skipping: 0) : nil
            }
            try fill()
        }
    }

    private mutating func take(upTo end: Int, skipping terminator: Int) -> ArraySlice<UInt8> {
        defer {
            bytesRead += Int64(end + terminator - index)
            index = end + terminator
        }
        return buffer[index..<end]
    }

    private mutating func fill() throws {
        buffer.removeSubrange(..<index)
        index = 0
        let chunk = try handle.read(upToCount: Self.chunkSize) ?? Data()
        isAtEnd = chunk.isEmpty
        buffer.append(contentsOf: chunk)
    }
}
