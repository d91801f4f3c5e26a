internal import Stores

/// A value bound to `$n`, in PostgreSQL's binary format.
struct PostgresParameter: Sendable {
    /// The type's number in `pg_type`.
    let type: UInt32
    /// The bytes on the wire.
    let bytes: [UInt8]

    private init(_ scalar: ScalarType, _ write: (inout WireWriter) -> Void) {
        var writer = WireWriter()
        write(&writer)
        type = scalar.type
        bytes = writer.bytes
    }

    /// An array of one dimension. `write` appends a value's bytes, or says `false` for NULL.
    private init<Value>(_ scalar: ScalarType, array values: [Value], _ write: (inout WireWriter, Value) -> Bool) {
        var writer = WireWriter()
        writer.int32(values.isEmpty ? 0 : 1)  // dimensions
        writer.int32(1)  // it may hold NULLs
        writer.int32(Int32(scalar.type))
        if !values.isEmpty {
            writer.int32(Int32(values.count))
            writer.int32(1)  // the lower bound
        }
        for value in values { writer.sized { write(&$0, value) } }
        type = scalar.arrayType
        bytes = writer.bytes
    }
}

extension PostgresParameter {
    static func text(_ value: String) -> Self { Self(.text) { $0.utf8(value) } }
    static func bigint(_ value: Int64) -> Self { Self(.bigint) { $0.int64(value) } }
    static func integer(_ value: Int32) -> Self { Self(.integer) { $0.int32(value) } }

    static func bytea(_ value: [UInt8]) -> Self { Self(.bytea) { $0.bytes += value } }

    static func texts(_ values: [String]) -> Self {
        Self(.text, array: values) { writer, value in
            writer.utf8(value)
            return true
        }
    }

    static func byteas(_ values: [[UInt8]]) -> Self {
        Self(.bytea, array: values) { writer, value in
            writer.bytes += value
            return true
        }
    }

    static func integers(_ values: [Int32]) -> Self {
        Self(.integer, array: values) { writer, value in
            writer.int32(value)
            return true
        }
    }

    /// `nil` is NULL.
    static func bigints(_ values: [Int64?]) -> Self {
        Self(.bigint, array: values) { writer, value in
            guard let value else { return false }
            writer.int64(value)
            return true
        }
    }
}

/// The types in use, by their numbers in `pg_type`, which never change.
private struct ScalarType {
    let type: UInt32
    let arrayType: UInt32

    static let bytea = ScalarType(type: 17, arrayType: 1001)
    static let bigint = ScalarType(type: 20, arrayType: 1016)
    static let integer = ScalarType(type: 23, arrayType: 1007)
    static let text = ScalarType(type: 25, arrayType: 1009)
}

/// Appends values in network byte order.
private struct WireWriter {
    var bytes: [UInt8] = []

    mutating func int32(_ value: Int32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func int64(_ value: Int64) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func utf8(_ value: String) { bytes.append(contentsOf: value.utf8) }

    /// What `write` appends, behind its length; -1 stands for NULL.
    mutating func sized(_ write: (inout WireWriter) -> Bool) {
        let start = bytes.count
        int32(-1)
        guard write(&self) else { return }
        let length = Int32(bytes.count - start - 4).bigEndian
        withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<(start + 4), with: $0) }
    }
}
