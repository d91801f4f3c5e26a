import Bitmaps
import Testing

@Suite("Bytes that are no set of visitor numbers")
struct HostileBytesTests {
    @Test("a part or a longer form is refused")
    func wrongLengths() throws {
        // A bit set, an array and runs, with offsets.
        let numbers = (1...9_000).map { UInt32($0 * 2) } + [70_000, 70_002, 900_000] + Array(2_000_000...2_000_900)
        let bytes = VisitorSet(numbers).serialized()
        let lengths = Set(0..<120).union(stride(from: 120, to: bytes.count, by: 97)).union([bytes.count - 1])
        for length in lengths {
            #expect(throws: BitmapsError.self) { try VisitorSet(serialized: Array(bytes.prefix(length))) }
        }
        #expect(throws: BitmapsError.self) { try VisitorSet(serialized: bytes + [0]) }
    }

    @Test("what the library alone would take is refused", arguments: malformedExamples)
    func malformed(_ example: Malformed) throws {
        let error = #expect(throws: BitmapsError.self) { try VisitorSet(serialized: example.bytes) }
        #expect(error?.code == example.code)
    }

    @Test("changed bytes are refused or make a sound set")
    func mutations() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let clean = (0..<12).map { _ in VisitorSet(Array(random.numbers())).serialized() }
        let partner = VisitorSet(Array(random.numbers()))
        var taken = 0
        for _ in 0..<300 {
            var bytes = clean.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Mostly the head, where keys, counts and offsets are.
                let reach = Bool.random(using: &random) ? min(bytes.count, 48) : bytes.count
                bytes[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            guard let set = try? VisitorSet(serialized: bytes) else { continue }
            taken += 1
            let numbers = set.numbers
            #expect(numbers == Array(Set(numbers)).sorted() && numbers.count == set.count, "seed \(seed)")
            #expect(VisitorSet(numbers).serialized() == set.serialized(), "seed \(seed)")
            var union = set
            union.formUnion(partner)
            #expect(union.count == set.unionCount(partner), "seed \(seed)")
        }
        #expect(taken > 0, "no mutation was taken, so nothing was checked; seed \(seed)")
    }
}

struct Malformed: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let code: BitmapsError.Code
    let bytes: [UInt8]
}

/// Built from 16-bit little-endian words.
private let malformedExamples: [Malformed] = [
    made("nothing", .truncated, []),
    made("another format", .unknownFormat, [1, 0]),
    made("more containers than there are keys", .malformed, [12_346, 0, 0, 2]),
    made("keys out of order", .malformed, [12_346, 0, 2, 0, 5, 0, 4, 0, 24, 0, 26, 0, 1, 1]),
    made("numbers out of order", .malformed, [12_346, 0, 1, 0, 0, 1, 16, 0, 9, 8]),
    made("a number twice", .malformed, [12_346, 0, 1, 0, 0, 1, 16, 0, 9, 9]),
    made("a wrong offset", .malformed, [12_346, 0, 1, 0, 0, 0, 17, 0, 9]),
    made(
        "a bit set with another count", .malformed,
        [12_346, 0, 1, 0, 0, 9_999, 16, 0] + Array(repeating: 1, count: 4_096)),
    madeOfRuns("overlapping runs", [0, 11, 2, 10, 5, 12, 5]),
    madeOfRuns("touching runs", [0, 11, 2, 10, 5, 16, 5]),
    madeOfRuns("a run past the container's end", [0, 11, 1, 0xfffe, 11]),
    madeOfRuns("runs that do not add up", [0, 11, 1, 10, 5]),
    madeOfRuns("a container without runs", [0, 0, 0]),
]

private func made(_ name: String, _ code: BitmapsError.Code, _ words: [UInt16]) -> Malformed {
    Malformed(testDescription: name, code: code, bytes: littleEndian(words))
}

/// One container, marked as one of runs: key, count − 1, number of runs, runs as start and length − 1.
private func madeOfRuns(_ name: String, _ words: [UInt16]) -> Malformed {
    Malformed(testDescription: name, code: .malformed, bytes: littleEndian([12_347, 0]) + [1] + littleEndian(words))
}

private func littleEndian(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] } }
