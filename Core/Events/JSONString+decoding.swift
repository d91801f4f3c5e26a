extension JSONString {
    /// The text's UTF-8 after decoding escapes. An unpaired surrogate becomes U+FFFD.
    public func decoded(in bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count)
        appendDecoded(in: bytes, to: &out)
        return out
    }

    /// The text after decoding escapes. An unpaired surrogate becomes U+FFFD.
    public func text(in bytes: UnsafeBufferPointer<UInt8>) -> String {
        isEscaped
            ? String(decoding: decoded(in: bytes), as: UTF8.self)
            : String(decoding: UnsafeBufferPointer(rebasing: bytes[content]), as: UTF8.self)
    }

    /// Appends the text's UTF-8 after decoding escapes.
    /// - Returns: whether every surrogate was paired.
    @discardableResult
    func appendDecoded(in bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        guard isEscaped else {
            out.append(contentsOf: bytes[content])
            return true
        }
        var isWellFormed = true
        var index = content.lowerBound
        while index < content.upperBound {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                index += 1
                continue
            }
            index += 1
            if bytes[index] == UInt8(ascii: "u") {
                let scalar = decodeUnicodeEscape(in: bytes, at: &index)
                isWellFormed = isWellFormed && scalar != nil
                out.append(contentsOf: Unicode.UTF8.encode(scalar ?? "\u{FFFD}")!)
            } else {
                out.append(Self.simpleEscape(bytes[index]))
                index += 1
            }
        }
        return isWellFormed
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: byte
        }
    }

    /// Reads `uXXXX`, and the low half after a high one; `nil` for an unpaired surrogate.
    private func decodeUnicodeEscape(in bytes: UnsafeBufferPointer<UInt8>, at index: inout Int) -> Unicode.Scalar? {
        let first = codeUnit(in: bytes, at: index + 1)
        index += 5
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) }
        guard content.upperBound - index >= 6, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        let second = codeUnit(in: bytes, at: index + 2)
        guard second & 0xFC00 == 0xDC00 else { return nil }
        index += 6
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF))
    }

    private func codeUnit(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32 {
        (index..<index + 4).reduce(0) { $0 << 4 | (hexDigit(bytes[$1]) ?? 0) }
    }
}
