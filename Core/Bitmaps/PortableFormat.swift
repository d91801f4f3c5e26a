/// Checks bytes against Roaring's portable format, before the C library sees them.
///
/// The library checks lengths only. Numbers out of order, overlapping runs and wrong counts would pass, give wrong
/// answers, and can make later operations write beyond their memory.
enum PortableFormat {
    private static let cookie = 12_346
    private static let cookieWithRuns = 12_347
    /// From so many containers on, offsets are written even where there are runs.
    private static let offsetThreshold = 4
    /// Containers with more numbers than this are bit sets.
    private static let arrayLimit = 4_096
    private static let bitSetBytes = 8_192

    private struct Container {
        var cardinality: Int
        var hasRuns: Bool
    }

    /// Throws `BitmapsError` unless the bytes are exactly one well-formed bitmap.
    static func validate(_ bytes: [UInt8]) throws(BitmapsError) {
        var reader = LittleEndianReader(bytes)
        let (containers, hasOffsets) = try header(&reader)
        var offsets: [Int] = []
        if hasOffsets { for _ in containers { offsets.append(try reader.uint32()) } }
        for (index, container) in containers.enumerated() {
            if hasOffsets, offsets[index] != reader.offset { throw BitmapsError(.malformed, at: reader.offset) }
            try body(of: container, &reader)
        }
        if reader.offset != bytes.count { throw BitmapsError(.trailingBytes, at: reader.offset) }
    }

    private static func header(
        _ reader: inout LittleEndianReader
    ) throws(BitmapsError) -> (containers: [Container], hasOffsets: Bool) {
        let start = try reader.uint32()
        let hasRuns = start & 0xffff == cookieWithRuns
        guard hasRuns || start == cookie else { throw BitmapsError(.unknownFormat, at: 0) }
        let size = hasRuns ? start >> 16 + 1 : try reader.uint32()
        guard size <= 65_536 else { throw BitmapsError(.malformed, at: reader.offset) }
        let runFlags = try hasRuns ? reader.bytes((size + 7) / 8) : 0..<0
        var containers: [Container] = []
        var lastKey = -1
        for index in 0..<size {
            let key = try reader.uint16()
            guard key > lastKey else { throw BitmapsError(.malformed, at: reader.offset) }
            lastKey = key
            let flagged = hasRuns && reader[runFlags.lowerBound + index / 8] >> UInt8(index % 8) & 1 == 1
            containers.append(Container(cardinality: try reader.uint16() + 1, hasRuns: flagged))
        }
        return (containers, !hasRuns || size >= offsetThreshold)
    }

    private static func body(of container: Container, _ reader: inout LittleEndianReader) throws(BitmapsError) {
        let start = reader.offset
        let isSound =
            if container.hasRuns {
                try checkRuns(container, &reader)
            } else if container.cardinality > arrayLimit {
                try checkBitSet(container, &reader)
            } else {
                try checkArray(container, &reader)
            }
        if !isSound { throw BitmapsError(.malformed, at: start) }
    }

    /// Runs must ascend without touching, end within the container, and add up.
    private static func checkRuns(
        _ container: Container, _ reader: inout LittleEndianReader
    ) throws(BitmapsError) -> Bool {
        var last = -2
        var total = 0
        for _ in 0..<(try reader.uint16()) {
            let start = try reader.uint16()
            let length = try reader.uint16()
            guard start > last + 1, start + length <= 0xffff else { return false }
            last = start + length
            total += length + 1
        }
        return total == container.cardinality
    }

    private static func checkBitSet(
        _ container: Container, _ reader: inout LittleEndianReader
    ) throws(BitmapsError) -> Bool {
        let words = try reader.bytes(bitSetBytes)
        return reader.bitCount(in: words) == container.cardinality
    }

    private static func checkArray(
        _ container: Container, _ reader: inout LittleEndianReader
    ) throws(BitmapsError) -> Bool {
        let numbers = try reader.bytes(2 * container.cardinality)
        return reader.ascends(in: numbers)
    }
}

/// Reads unsigned little-endian numbers, and never past the end.
private struct LittleEndianReader {
    private let all: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { all = bytes }

    subscript(_ index: Int) -> UInt8 { all[index] }

    /// How many bits of whole 64-bit words are set.
    func bitCount(in range: Range<Int>) -> Int {
        all.withUnsafeBytes { bytes in
            stride(from: range.lowerBound, to: range.upperBound, by: 8).reduce(0) { count, place in
                count + bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).nonzeroBitCount
            }
        }
    }

    /// Whether 16-bit numbers ascend, none twice.
    func ascends(in range: Range<Int>) -> Bool {
        all.withUnsafeBytes { bytes in
            var last = -1
            for place in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
                let number = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)))
                guard number > last else { return false }
                last = number
            }
            return true
        }
    }

    mutating func bytes(_ count: Int) throws(BitmapsError) -> Range<Int> {
        guard count <= all.count - offset else { throw BitmapsError(.truncated, at: offset) }
        offset += count
        return (offset - count)..<offset
    }

    mutating func uint16() throws(BitmapsError) -> Int {
        let place = try bytes(2).lowerBound
        return Int(all[place]) | Int(all[place + 1]) << 8
    }

    mutating func uint32() throws(BitmapsError) -> Int {
        let low = try uint16()
        return low | (try uint16()) << 16
    }
}
