import Stores

/// A record's headers as one blob: for each, its name's number or 0 and the name's length and bytes, then the value's
/// length and bytes. Lengths are LEB128. The names that every record bears take a byte each.
enum HeaderCoding {
    /// Numbered from 1. Stored: append only, never reorder.
    private static let names: [HeaderName] = [
        .eventID, .source, .receivedAt, .sentAt, .timestampFrom, .clientAddress, .userAgent, .traceparent,
    ]
    private static let nameBytes = names.map { Array($0.rawValue.utf8) }

    /// Writes a record's headers over what was in `blob`.
    static func encode(
        _ headers: ArraySlice<RecordBatch.Header>, in arena: UnsafeBufferPointer<UInt8>, to blob: inout [UInt8]
    ) {
        blob.removeAll(keepingCapacity: true)
        for header in headers {
            let name = UnsafeBufferPointer(rebasing: arena[header.name])
            if let known = nameBytes.firstIndex(where: { $0.count == name.count && $0.elementsEqual(name) }) {
                blob.append(UInt8(known + 1))
            } else {
                blob.append(0)
                append(name, to: &blob)
            }
            append(UnsafeBufferPointer(rebasing: arena[header.value]), to: &blob)
        }
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to blob: inout [UInt8]) {
        var length = bytes.count
        while length >= 0x80 {
            blob.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        blob.append(UInt8(length))
        blob.append(contentsOf: bytes)
    }

    /// The numbered names in a batch's arena, where its headers can point at them.
    struct Names {
        fileprivate var ranges: [Range<Int>] = []

        init(in batch: inout RecordBatch) {
            for name in nameBytes { ranges.append(batch.store(name)) }
        }
    }

    /// The headers of a blob that has been stored in a batch's arena.
    /// - Parameters:
    ///   - start: where in the arena it lies.
    ///   - headers: is cleared and filled.
    /// - Returns: whether it is what `encode` wrote.
    static func decode(
        _ blob: UnsafeRawBufferPointer, at start: Int, _ names: Names, to headers: inout [RecordBatch.Header]
    ) -> Bool {
        headers.removeAll(keepingCapacity: true)
        var index = 0
        while index < blob.count {
            let number = Int(blob[index])
            index += 1
            var name: Range<Int>
            if number > 0 {
                guard number <= names.ranges.count else { return false }
                name = names.ranges[number - 1]
            } else {
                guard let literal = range(in: blob, &index) else { return false }
                name = literal.lowerBound + start..<literal.upperBound + start
            }
            guard let value = range(in: blob, &index) else { return false }
            headers.append(.init(name: name, value: value.lowerBound + start..<value.upperBound + start))
        }
        return true
    }

    /// Reads a length and passes over as many bytes.
    private static func range(in blob: UnsafeRawBufferPointer, _ index: inout Int) -> Range<Int>? {
        var (length, shift) = (0, 0)
        while index < blob.count, shift < 35 {
            let byte = blob[index]
            index += 1
            length |= Int(byte & 0x7F) << shift
            shift += 7
            guard byte < 0x80 else { continue }
            guard blob.count - index >= length else { return nil }
            defer { index += length }
            return index..<index + length
        }
        return nil
    }
}
