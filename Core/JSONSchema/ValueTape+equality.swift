extension ValueTape {
    /// Whether two values are equal by what they mean: `1` and `1.0`, members in any order, escapes or none.
    func isEqual(_ entry: Int, _ value: Int, of other: ValueTape) -> Bool {
        let (left, right) = (entries[entry], other.entries[value])
        switch (left.kind, right.kind) {
        case (.number, .number):
            let (first, second) = (slice(left.range), other.slice(right.range))
            return first.elementsEqual(second) || ExactNumber(first) == ExactNumber(second)
        case (.string, .string), (.key, .string): return isEqualText(entry, value, of: other)
        case (.object, .object):
            return left.count == right.count
                && forEachChild(of: entry) { key in
                    other.member(of: value, named: key, hash: entries[key].hash, of: self)
                        .map { isEqual(key + 1, $0, of: other) } ?? false
                }
        case (.array, .array):
            guard left.count == right.count else { return false }
            var element = value + 1
            return forEachChild(of: entry) { child in
                defer { element = Int(other.entries[element].next) }
                return isEqual(child, element, of: other)
            }
        default: return left.kind == right.kind
        }
    }

    /// Equal for equal values.
    func valueHash(_ entry: Int) -> UInt64 {
        let kind = UInt64(entries[entry].kind.rawValue)
        switch entries[entry].kind {
        case .number:
            let number = ExactNumber(slice(entries[entry].range))
            let start = mix(kind &+ (number.isNegative ? 1 << 32 : 0), UInt64(bitPattern: Int64(number.exponent)))
            return number.digits.reduce(start) { mix($0, UInt64($1)) }
        case .string, .key: return mix(UInt64(Kind.string.rawValue), hash(of: entry))
        case .object:
            // A sum: the order of members means nothing.
            var sum: UInt64 = kind
            _ = forEachChild(of: entry) { key in
                sum &+= mix(entries[key].hash, valueHash(key + 1))
                return true
            }
            return sum
        case .array:
            var hash = kind
            _ = forEachChild(of: entry) { child in
                hash = mix(hash, valueHash(child))
                return true
            }
            return hash
        case .true, .false, .null: return mix(kind, kind)
        }
    }

    /// Whether no two elements of an array are equal.
    func hasUniqueElements(_ array: Int) -> Bool {
        guard entries[array].count > 1 else { return true }
        var elements: [(hash: UInt64, entry: Int)] = []
        _ = forEachChild(of: array) { element in
            elements.append((valueHash(element), element))
            return true
        }
        elements.sort { $0 < $1 }
        for (index, element) in elements.enumerated() {
            for other in elements[(index + 1)...] {
                guard other.hash == element.hash else { break }
                if isEqual(element.entry, other.entry, of: self) { return false }
            }
        }
        return true
    }

    /// The JSON Pointer (RFC 6901) of a value, or of the member that a key begins; cut after `limit` bytes.
    func pointer(to wanted: Int, limit: Int = 200) -> String {
        var (place, path) = (0, "")
        while place != wanted, path.utf8.count <= limit {
            var (number, next) = (0, place)
            let isObject = entries[place].kind == .object
            _ = forEachChild(of: place) { child in
                let value = isObject ? child + 1 : child
                if wanted < Int(entries[value].next) {
                    path += "/" + (isObject ? Self.escaped(text(child)) : String(number))
                    next = child == wanted ? child : value
                    return false
                }
                number += 1
                return true
            }
            guard next != place else { break }
            place = next
        }
        return path.utf8.count <= limit ? path : String(path.unicodeScalars.prefix(limit / 4)) + "…"
    }

    private static func escaped(_ token: String) -> String {
        var result = ""
        for scalar in token.unicodeScalars {
            switch scalar {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
