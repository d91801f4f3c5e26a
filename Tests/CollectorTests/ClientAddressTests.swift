import HTTPTypes
import NIOCore
import Operations
import Testing

@testable import Collector

/// Who a request came from: only what trusted proxies have added is believed.
struct ClientAddressTests {
    private func networks(_ texts: String...) -> NetworkSet { NetworkSet(texts.compactMap { IPNetwork($0) }) }

    private func client(_ peer: String, _ name: String, _ values: [String], _ header: ProxyHeader) -> IPAddress? {
        var fields = HTTPFields()
        for value in values { fields.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        let rule = ClientAddress(trusted: networks("10.0.0.0/8", "2001:db8:ff::/48"), header: header)
        return rule.resolve(IPAddress(peer), fields)
    }

    @Test(arguments: [
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"), ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"), ("10.0.0.1", ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.7,10.2.3.4 ,\t10.0.0.9"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"), ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6, nonsense, 10.0.0.2"], "10.0.0.2"), ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"), ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("2001:db8:ff::1", ["2001:db8::7"], "2001:db8::7"), ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
    ])
    func byXForwardedFor(peer: String, values: [String], expected: String) {
        #expect(client(peer, "X-Forwarded-For", values, .xForwardedFor) == IPAddress(expected))
        #expect(client(peer, "X-Forwarded-For", values, .forwarded) == IPAddress(peer), "the other header is not read")
    }

    @Test(arguments: [
        ("10.0.0.1", ["for=198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["for=6.6.6.6, proto=https;For=\"198.51.100.7:80\";by=10.0.0.1"], "198.51.100.7"),
        ("10.0.0.1", ["for=\"[2001:db8::7]:4711\", for=10.0.0.2"], "2001:db8::7"),
        ("10.0.0.1", ["for=6.6.6.6, for=_hidden"], "10.0.0.1"), ("10.0.0.1", ["by=10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", ["for=\"6.6.6.6, for=7.7.7.7\""], "10.0.0.1"), ("192.0.2.1", ["for=6.6.6.6"], "192.0.2.1"),
    ])
    func byForwarded(peer: String, values: [String], expected: String) {
        #expect(client(peer, "Forwarded", values, .forwarded) == IPAddress(expected))
        #expect(client(peer, "Forwarded", values, .xForwardedFor) == IPAddress(peer), "the other header is not read")
    }

    @Test func networksHoldWhatTheySay() throws {
        let set = networks("10.0.0.0/8", "192.0.2.7", "192.0.2.8/31", "192.0.2.0/30", "2001:db8::/32", "10.1.0.0/16")
        for text in [
            "10.0.0.0", "10.255.255.255", "10.1.2.3", "192.0.2.7", "192.0.2.9", "192.0.2.3", "2001:db8:ffff::",
            "::ffff:10.0.0.1",
        ] { #expect(set.contains(try #require(IPAddress(text))), "\(text)") }
        for text in ["9.255.255.255", "11.0.0.0", "192.0.2.4", "192.0.2.6", "192.0.2.10", "2001:db9::", "::", "::1"] {
            #expect(!set.contains(try #require(IPAddress(text))), "\(text)")
        }
        let v6 = networks("::/0")
        let (one, other) = (try #require(IPAddress("::1")), try #require(IPAddress("10.0.0.1")))
        #expect(v6.contains(one) && !v6.contains(other))
        let v4 = networks("0.0.0.0/0")
        #expect(v4.contains(other) && !v4.contains(one))
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10/8", "2001:db8::1/32", "::/129",
        "::ffff:10.0.0.0/8", "10.0.0.0/8/8", "localhost", "10.0.0.0/٨",
    ]) func whatIsNoNetwork(text: String) { #expect(IPNetwork(text) == nil) }

    @Test func theEndOfAConnectionIsTheSameAddressAsItsText() throws {
        for text in ["192.0.2.77", "2001:db8:1:2:3:4:5:6", "::ffff:192.0.2.77"] {
            #expect(IPAddress(try SocketAddress(ipAddress: text, port: 80)) == IPAddress(text))
        }
        #expect(IPAddress(try SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
        #expect(IPAddress("2001:db8:1:2:3:4:5:6")?.clientNetwork == IPAddress("2001:db8:1:2::"))
        #expect(IPAddress("192.0.2.77")?.clientNetwork == IPAddress("::ffff:192.0.2.77"))
    }
}
