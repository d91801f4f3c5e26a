import Foundation
import GeoIP
import Testing

@testable import StoreModels

struct CountryDatabaseTests {
    private static var sample: MaxMindFile {
        var file = MaxMindFile()
        file.add([192, 0, 2, 0], prefix: 24, MaxMindFile.country("NL"))
        file.add([198, 51, 0, 0], prefix: 16, MaxMindFile.country("DE"))
        file.add([203, 0, 113, 0], prefix: 25, MaxMindFile.country("FR", at: "registered_country"))
        file.add([203, 0, 114, 0], prefix: 24, MaxMindFile.map([("country", MaxMindFile.text("jp"))]))
        file.add([203, 0, 115, 0], prefix: 24, MaxMindFile.map([("autonomous_system_number", MaxMindFile.uint16(7))]))
        file.add([203, 0, 116, 0], prefix: 24, MaxMindFile.country("FRA"))
        file.add([0x20, 0x01, 0x0D, 0xB8, 0, 1], prefix: 48, MaxMindFile.country("SE"))
        return file
    }

    @Test(
        arguments: [
            ("192.0.2.0", "NL"), ("192.0.2.255", "NL"), ("192.0.3.0", nil), ("198.51.100.0", "DE"),
            ("203.0.113.0", "FR"),
            ("203.0.113.200", nil), ("203.0.114.0", "JP"), ("203.0.115.0", nil), ("203.0.116.0", nil),
            ("2001:db8:1::", "SE"),
            ("2001:db8:1:ffff::7", "SE"), ("2001:db8:2::", nil), ("10.0.0.1", nil), ("nowhere", nil), ("", nil),
        ] as [(String, String?)])
    func country(address: String, expected: String?) throws {
        try withFile(Self.sample.bytes) { path in
            let database = try CountryDatabase(path: path)
            #expect(try database.country(of: address) == expected)
        }
    }

    @Test func aDatabaseOfIPv4KnowsNothingOfIPv6() throws {
        var file = MaxMindFile(ipVersion: 4)
        file.add([192, 0, 2, 0], prefix: 24, MaxMindFile.country("NL"))
        try withFile(file.bytes) { path in
            let database = try CountryDatabase(path: path)
            #expect(try database.country(of: "192.0.2.9") == "NL")
            #expect(try database.country(of: "2001:db8:1::") == nil)
        }
    }

    @Test func aMissingOrBrokenFileIsToldWithItsPath() throws {
        let bytes = Self.sample.bytes
        for broken in [[], Array("not a database".utf8), Array(bytes.dropLast(40)), Array(bytes.suffix(200))] {
            try withFile(broken) { path in
                let error = #expect(throws: GeoIPError.self) { _ = try CountryDatabase(path: path) }
                #expect(error.map { "\($0)".contains(path) && !$0.reason.isEmpty } == true)
            }
        }
        let error = #expect(throws: GeoIPError.self) { _ = try CountryDatabase(path: "/nowhere/at-all.mmdb") }
        #expect(error?.path == "/nowhere/at-all.mmdb")
    }

    /// A damaged file tells a wrong country or an error; it never ends the process.
    @Test func damageIsSurvived() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("damaged country database: seed \(seed)")
        var random = SeededRandom(seed: seed)
        let good = Self.sample.bytes
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            try withFile(bytes) { path in
                guard let database = try? CountryDatabase(path: path) else { return }
                for address in ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8:1::"] {
                    _ = try? database.country(of: address)
                }
            }
        }
    }

    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "country-\(UUID()).mmdb").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(filePath: path))
        try body(path)
    }
}
