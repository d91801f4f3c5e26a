import Events
import Metrics
import Synchronization

/// Remembers what was made of a text. Bounded: two generations, of which the older is dropped when the younger is
/// full; what is asked for again moves to the younger.
final class TextCache<Value: Sendable>: Sendable {
    private struct Entry {
        let text: [UInt8]
        let value: Value

        func isOf(_ other: ArraySlice<UInt8>) -> Bool {
            text.withUnsafeBytes { mine in other.withUnsafeBytes { mine.hasSameBytes(as: $0) } }
        }
    }

    private struct Generations {
        var young: [UInt64: Entry] = [:]
        var old: [UInt64: Entry] = [:]

        mutating func value(of text: ArraySlice<UInt8>, _ hash: UInt64, _ limit: Int) -> Value? {
            if let entry = young[hash] { return entry.isOf(text) ? entry.value : nil }
            guard let entry = old[hash], entry.isOf(text) else { return nil }
            add(entry, hash, limit)
            return entry.value
        }

        mutating func add(_ entry: Entry, _ hash: UInt64, _ limit: Int) {
            if young.count >= limit {
                old = young
                young.removeAll(keepingCapacity: false)
            }
            young[hash] = entry
        }
    }

    private let generations = Mutex(Generations())
    private let limit: Int
    private let seed = UInt64.random(in: .min ... .max)
    private let misses: Counter

    /// A cache of at most `limit` texts, known to metrics by its name.
    init(limit: Int, name: String) {
        self.limit = max(1, limit / 2)
        misses = Counter(label: WorkerMetrics.cacheMissesLabel, dimensions: [("cache", name)])
    }

    /// The texts remembered.
    var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    /// The value of a text, made by `make` where it is not remembered.
    func value(of text: ArraySlice<UInt8>, make: (ArraySlice<UInt8>) -> Value) -> Value {
        let hash = text.withUnsafeBytes { Self.hash($0, seed: seed) }
        if let known = generations.withLock({ $0.value(of: text, hash, limit) }) { return known }
        let value = make(text)
        misses.increment()
        generations.withLock { $0.add(Entry(text: Array(text), value: value), hash, limit) }
        return value
    }

    /// Mixes eight bytes at a time. Whoever finds two texts of one hash makes their look-ups slow, and nothing else: the
    /// texts are compared.
    private static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var (hash, index) = (seed ^ UInt64(bytes.count), 0)
        func mix(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low &+ word
        }
        while bytes.count - index >= 8 {
            mix(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = rest << 8 | UInt64(bytes[index])
            index += 1
        }
        mix(rest)
        return hash
    }
}
