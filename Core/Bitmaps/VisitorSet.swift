internal import CRoaring

/// A set of visitor numbers: a Roaring bitmap with value semantics.
///
/// Copies share memory until one of them is changed. Reading one set from many tasks is safe.
public struct VisitorSet: Sendable {
    private var bitmap: Bitmap

    private init(owning bitmap: Bitmap) { self.bitmap = bitmap }

    /// The empty set.
    public init() { bitmap = Bitmap(owning: roaring_bitmap_create()) }

    /// The set of these numbers, in any order, repeated or not. Sorted ones are quickest.
    public init(_ numbers: [UInt32]) {
        bitmap = Bitmap(owning: roaring_bitmap_of_ptr(numbers.count, numbers))
    }

    /// Reads Roaring's portable format. Throws `BitmapsError` for anything that is not exactly one well-formed set:
    /// the bytes may come from anywhere.
    public init(serialized bytes: [UInt8]) throws {
        try PortableFormat.validate(bytes)
        let pointer = bytes.withUnsafeBytes {
            roaring_bitmap_portable_deserialize_safe($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard let pointer else { throw BitmapsError(.refusedByLibrary, at: 0) }
        bitmap = Bitmap(owning: pointer)
    }

    /// Roaring's portable format, canonical: equal sets give equal bytes, whatever their history.
    ///
    /// The library keeps a container's form where two are of equal size, so all are first brought to the one
    /// without runs.
    public func serialized() -> [UInt8] {
        let canonical = Bitmap(copying: bitmap)
        roaring_bitmap_remove_run_compression(canonical.pointer)
        roaring_bitmap_run_optimize(canonical.pointer)
        let size = roaring_bitmap_portable_size_in_bytes(canonical.pointer)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: CChar.self) {
                roaring_bitmap_portable_serialize(canonical.pointer, $0.baseAddress)
            }
        }
    }
}

// MARK: - What a set holds

extension VisitorSet {
    /// How many numbers it holds.
    public var count: Int { Int(roaring_bitmap_get_cardinality(bitmap.pointer)) }

    /// Whether it holds none.
    public var isEmpty: Bool { roaring_bitmap_is_empty(bitmap.pointer) }

    /// All numbers, ascending.
    public var numbers: [UInt32] {
        let size = count
        return [UInt32](unsafeUninitializedCapacity: size) { buffer, count in
            guard size > 0 else { return }
            roaring_bitmap_to_uint32_array(bitmap.pointer, buffer.baseAddress)
            count = size
        }
    }

    /// Whether it holds this number.
    public func contains(_ number: UInt32) -> Bool { roaring_bitmap_contains(bitmap.pointer, number) }
}

extension VisitorSet: Equatable {
    public static func == (left: VisitorSet, right: VisitorSet) -> Bool {
        left.bitmap === right.bitmap || roaring_bitmap_equals(left.bitmap.pointer, right.bitmap.pointer)
    }
}

// MARK: - Algebra

extension VisitorSet {
    /// How many numbers are in either; nothing is built.
    public func unionCount(_ other: VisitorSet) -> Int {
        Int(roaring_bitmap_or_cardinality(bitmap.pointer, other.bitmap.pointer))
    }

    /// How many numbers are in both; nothing is built.
    public func intersectionCount(_ other: VisitorSet) -> Int {
        Int(roaring_bitmap_and_cardinality(bitmap.pointer, other.bitmap.pointer))
    }

    /// How many numbers are here and not in the other; nothing is built.
    public func subtractionCount(_ other: VisitorSet) -> Int {
        Int(roaring_bitmap_andnot_cardinality(bitmap.pointer, other.bitmap.pointer))
    }

    /// Adds the numbers of another set.
    public mutating func formUnion(_ other: VisitorSet) { change(roaring_bitmap_or_inplace, other) }

    /// Keeps the numbers that are also in another set.
    public mutating func formIntersection(_ other: VisitorSet) { change(roaring_bitmap_and_inplace, other) }

    /// Removes the numbers of another set.
    public mutating func subtract(_ other: VisitorSet) { change(roaring_bitmap_andnot_inplace, other) }

    /// The numbers of this set that the other does not hold.
    public func subtracting(_ other: VisitorSet) -> VisitorSet {
        var rest = self
        rest.subtract(other)
        return rest
    }

    /// The union of many sets, in one pass that counts only at its end.
    public static func union(of sets: [VisitorSet]) -> VisitorSet {
        var pointers: [UnsafePointer<roaring_bitmap_t>?] = sets.map { UnsafePointer($0.bitmap.pointer) }
        return withExtendedLifetime(sets) {
            VisitorSet(owning: Bitmap(owning: roaring_bitmap_or_many(pointers.count, &pointers)))
        }
    }

    /// How many numbers the union of many sets has.
    public static func unionCount(of sets: [VisitorSet]) -> Int { union(of: sets).count }

    private mutating func change(
        _ operation: (UnsafeMutablePointer<roaring_bitmap_t>?, UnsafePointer<roaring_bitmap_t>?) -> Void,
        _ other: VisitorSet
    ) {
        if !isKnownUniquelyReferenced(&bitmap) { bitmap = Bitmap(copying: bitmap) }
        operation(bitmap.pointer, other.bitmap.pointer)
    }
}

// MARK: - Chunks

extension VisitorSet {
    /// The set cut by the high 16 bits; each part holds full 32-bit numbers, and none is empty.
    public func chunks() -> [UInt16: VisitorSet] {
        guard let iterator = roaring_create_iterator(bitmap.pointer) else { return [:] }
        defer { roaring_free_uint32_iterator(iterator) }
        var chunks: [UInt16: VisitorSet] = [:]
        while iterator.pointee.has_value {
            let key = UInt16(iterator.pointee.current_value >> 16)
            chunks[key] = chunk(key)
            guard key < .max else { break }
            roaring_move_uint32_iterator_equalorlarger(iterator, UInt32(key + 1) << 16)
        }
        return chunks
    }

    /// Those of the set's chunks that have these keys, and are not empty.
    public func chunks(_ keys: some Sequence<UInt16>) -> [UInt16: VisitorSet] {
        keys.reduce(into: [:]) { chunks, key in
            let part = chunk(key)
            if !part.isEmpty { chunks[key] = part }
        }
    }

    /// The set of all chunks' numbers.
    public init(joining chunks: [UInt16: VisitorSet]) { self = .union(of: Array(chunks.values)) }

    private func chunk(_ key: UInt16) -> VisitorSet {
        let start = UInt64(key) << 16
        let range = Bitmap(owning: roaring_bitmap_from_range(start, start + 1 << 16, 1))
        return VisitorSet(owning: Bitmap(owning: roaring_bitmap_and(bitmap.pointer, range.pointer)))
    }
}

/// The one owner of a C bitmap.
///
/// `@unchecked Sendable`: it is changed only by a `VisitorSet` that holds the sole reference, and the library's
/// readers write nothing as long as its own copy-on-write, never used here, is off.
private final class Bitmap: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<roaring_bitmap_t>

    /// Takes over a new bitmap. The library returns none only where memory has run out.
    init(owning pointer: UnsafeMutablePointer<roaring_bitmap_t>?) {
        guard let pointer else { fatalError("out of memory for a bitmap") }
        self.pointer = pointer
    }

    convenience init(copying other: Bitmap) { self.init(owning: roaring_bitmap_copy(other.pointer)) }

    deinit { roaring_bitmap_free(pointer) }
}
