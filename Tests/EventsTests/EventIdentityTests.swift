import Testing

@testable import Events

@Suite struct EventIdentityTests {
    /// The namespace for domain names (RFC 9562, section 6.6).
    private static let dns: [UInt8] = [
        0x6B, 0xA7, 0xB8, 0x10, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
    ]

    @Test(arguments: [
        // RFC 9562, appendix A.4; the documentation of Python's module uuid.
        ("www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
        ("python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"),
    ])
    func makesTheKnownNameBasedIdentities(_ name: String, _ identity: String) {
        #expect(EventIdentity.format(EventIdentity.nameBased(namespace: Self.dns, name: Array(name.utf8))) == identity)
    }

    @Test func makesTheKnownTimeOrderedIdentity() {
        // RFC 9562, appendix A.6.
        var bits = Fixed(values: [UInt64(bigEndian: 0x0CC3_18C4_DC0C_0C07), UInt64(bigEndian: 0x398F << 48)])
        let identity = EventIdentity.fresh(at: 1_645_557_742_000, using: &bits)
        #expect(identity == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test func marksVersionAndVariantAndOrdersByTime() {
        var random = SeededRandom.announced()
        var before = ""
        var seen: Set<String> = []
        for step in 0..<2000 {
            let identity = EventIdentity.fresh(at: 1_746_100_800_000 + Int64(step) * 37, using: &random)
            let bytes = Array(identity.utf8)
            #expect(bytes.count == 36 && [8, 13, 18, 23].allSatisfy { bytes[$0] == UInt8(ascii: "-") })
            #expect(bytes[14] == UInt8(ascii: "7") && "89ab".utf8.contains(bytes[19]))
            #expect(before < identity)
            #expect(seen.insert(identity).inserted)
            before = identity
        }
    }

    @Test func leavesAllOtherBitsRandom() {
        var (ones, zeros) = (Fixed(values: [.max]), Fixed(values: [0]))
        #expect(EventIdentity.fresh(at: 0, using: &ones) == "00000000-0000-7fff-bfff-ffffffffffff")
        #expect(EventIdentity.fresh(at: 0, using: &zeros) == "00000000-0000-7000-8000-000000000000")
    }

    @Test func tellsRequestsApart() {
        func identity(_ source: String, _ key: String, _ event: String, _ occurrence: Int) -> String {
            EventIdentity.idempotent(source: source, key: key, event: Array(event.utf8), occurrence: occurrence)
        }
        let identities = [
            identity("a", "k", "{}", 0), identity("b", "k", "{}", 0), identity("a", "l", "{}", 0),
            identity("a", "k", "{ }", 0), identity("a", "k", "{}", 1),
        ]
        #expect(Set(identities).count == 5)
        #expect(identities[0] == identity("a", "k", "{}", 0))
        #expect(identities.allSatisfy { Array($0.utf8)[14] == UInt8(ascii: "5") })
    }

    private struct Fixed: RandomNumberGenerator {
        var values: [UInt64]
        mutating func next() -> UInt64 { values.count > 1 ? values.removeFirst() : values[0] }
    }
}

@Suite struct Digest128Tests {
    @Test func isTheStartOfSHA256() {
        // SHA-256 of "a/b": c14cddc033f64b9dea80ea675cf280a015e672516090a5626781153dc68fea11.
        let digest = Digest128.visitor(source: "a", userID: "b")
        #expect(digest.description == "c14cddc033f64b9dea80ea675cf280a0")
        #expect(Digest128(bytes: digest.bytes) == digest)
        #expect(Digest128(bytes: digest.bytes.dropLast()) == nil)
        #expect(Digest128(high: 0, low: 1) < Digest128(high: 1, low: 0))
        #expect(Digest128(high: 0, low: 1).description == "00000000000000000000000000000001")
    }

    @Test func tellsKeyFromValue() {
        func record(_ key: String, _ value: String, _ time: Int64) -> Digest128 {
            .record(key: Array(key.utf8), value: Array(value.utf8), timestamp: time)
        }
        #expect(
            Set([record("ab", "c", 1), record("a", "bc", 1), record("ab", "c", 2), record("abc", "", 1)]).count == 4)
    }
}
