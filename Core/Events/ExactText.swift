/// A text that is equal to another only if both have the same bytes: the key for everything that clients named.
///
/// Swift takes texts for equal that are spelt with other code points ("é" in one or in two), while stores and hashes
/// go by bytes: two users, or two events, would be one here and two there.
public struct ExactText: Hashable, Sendable {
    /// The text itself.
    public let text: String

    /// Wraps a text.
    public init(_ text: String) { self.text = text }

    public static func == (left: ExactText, right: ExactText) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        // A native text lies in one piece; byte by byte is the way of bridged ones.
        let areEqual = left.withContiguousStorageIfAvailable { left in
            right.withContiguousStorageIfAvailable { right in
                UnsafeRawBufferPointer(left).hasSameBytes(as: UnsafeRawBufferPointer(right))
            }
        }
        return (areEqual ?? nil) ?? left.elementsEqual(right)
    }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
