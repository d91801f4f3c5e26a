internal import CZlib

/// zlib's state for reading gzip. It must not move: zlib keeps its address.
struct GzipStream: ~Copyable {
    private static let bufferSize = 64 * 1024
    /// The largest window, and nothing but gzip: no zlib or raw deflate.
    private static let windowBits: Int32 = 15 + 16

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 16)
    private let isReady: Bool

    init() {
        stream.initialize(to: z_stream())
        isReady =
            inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
        buffer.deallocate()
    }

    /// Inflates one member after the other until the input ends.
    func inflate(_ input: [UInt8], into output: inout InflatedBytes) throws(InflateError) {
        guard isReady else { throw .broken(reason: "no memory") }
        try input.withUnsafeBufferPointer { input throws(InflateError) in
            let bytes = UnsafeRawBufferPointer(input)
            var start = 0
            repeat {
                try output.beginMember()
                start = try member(of: bytes, from: start, into: &output)
            } while start < bytes.count
        }
    }

    /// - Returns: where the member ends.
    private func member(
        of input: UnsafeRawBufferPointer, from start: Int, into output: inout InflatedBytes
    ) throws(InflateError) -> Int {
        guard inflateReset(stream) == Z_OK else { throw .broken(reason: "no memory") }
        // zlib reads only, its declaration is older than `const`.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count - start)
        while true {
            stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(Self.bufferSize)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            let (made, left) = (Self.bufferSize - Int(stream.pointee.avail_out), Int(stream.pointee.avail_in))
            try output.append(UnsafeRawBufferPointer(rebasing: buffer[..<made]), consumed: input.count - left)
            switch status {
            case Z_STREAM_END: return input.count - left
            case Z_OK where left > 0 || made == Self.bufferSize: continue
            case Z_OK, Z_BUF_ERROR: throw .truncated
            default: throw .broken(reason: stream.pointee.msg.map { String(cString: $0) } ?? "not gzip")
            }
        }
    }
}
