import Operations
import Testing

@testable import Collector

struct WriteKeysTests {
    @Test func withoutKeysAnyoneWritesAsTheDefaultSource() {
        let keys = WriteKeys([:])
        #expect(keys.isOpen)
        for key in [nil, "", "anything"] { #expect((try? keys.entry(forKey: key, at: noon))?.source == "default") }
    }

    @Test func aKeyBelongsToItsSource() {
        let keys = WriteKeys(["k1": "web", "k2": "app", "k3": "web"])
        #expect(!keys.isOpen)
        #expect(["k1", "k2", "k3"].map { (try? keys.entry(forKey: $0, at: noon))?.source } == ["web", "app", "web"])
        for key in [nil, "", "k", "k1 ", "K1", "k11", "web"] {
            #expect((try? keys.entry(forKey: key, at: noon))?.source == nil)
        }
    }
}

struct AnonymisedAddressTests {
    @Test(arguments: [
        ("192.0.2.77", "192.0.2.0"), ("255.255.255.255", "255.255.255.0"), ("10.0.0.0", "10.0.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"), ("2001:0DB8:0001:ffff::1", "2001:db8:1::"), ("::1", "::"),
        ("fe80::1", "fe80::"), ("::ffff:192.0.2.77", "192.0.2.0"), ("::FFFF:c000:24d", "192.0.2.0"),
        ("::192.0.2.77", "::"),
    ])
    func onlyTheNetworkIsKept(text: String, anonymised: String) {
        #expect(IPAddress(text)?.anonymised == anonymised)
    }

    @Test(arguments: [
        "", " ", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.1:80", "[::1]", "::g", "1:2:3",
        "fe80::1%eth0", "192.0.2.1, 10.0.0.1", "::1\u{0}",
    ])
    func whatIsNoAddressIsDropped(text: String) { #expect(IPAddress(text)?.anonymised == nil) }
}
