internal import CZstd

/// zstd's state for reading frames.
struct ZstdStream: ~Copyable {
    /// Memory that a frame may ask for: 8 MiB, what the format recommends that every decoder takes.
    private static let windowLog: Int32 = 23

    private let context = ZSTD_createDCtx()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 16)

    init() { ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog) }

    deinit {
        ZSTD_freeDCtx(context)
        buffer.deallocate()
    }

    /// Inflates one frame after the other until the input ends.
    func inflate(_ input: [UInt8], into output: inout InflatedBytes) throws(InflateError) {
        guard context != nil else { throw .broken(reason: "no memory") }
        try input.withUnsafeBufferPointer { input throws(InflateError) in
            let bytes = UnsafeRawBufferPointer(input)
            var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            repeat {
                try output.beginMember()
                try frame(&source, into: &output)
            } while source.pos < source.size
        }
    }

    private func frame(_ source: inout ZSTD_inBuffer, into output: inout InflatedBytes) throws(InflateError) {
        while true {
            var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
            let status = ZSTD_decompressStream(context, &target, &source)
            guard ZSTD_isError(status) == 0 else {
                throw .broken(reason: String(cString: ZSTD_getErrorName(status)))
            }
            try output.append(UnsafeRawBufferPointer(rebasing: buffer[..<target.pos]), consumed: source.pos)
            if status == 0 { return }
            // Nothing is left to read, and nothing is held back for want of room.
            if source.pos == source.size && target.pos < target.size { throw .truncated }
        }
    }
}
