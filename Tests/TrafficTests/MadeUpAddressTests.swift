import Testing

@testable import Traffic

struct MadeUpAddressTests {
    @Test func everyPersonHasAnAddressThatTellsTheCountryOfTheirLanguage() throws {
        for number in Population.bots..<Population.bots + 200 {
            let visitor = Visitor(number: number, seed: 1)
            var written: [UInt8] = []
            MadeUpAddress.add(visitor, to: &written)
            let value = written.dropFirst(#","clientAddress":""#.utf8.count).dropLast()
            let address = String(decoding: value, as: UTF8.self)
            let language = String(decoding: Languages.all[visitor.language], as: UTF8.self)
            #expect(MadeUpAddress.country(of: address) == String(language.suffix(2)))
            let anonymised = address.split(separator: ".").dropLast().joined(separator: ".") + ".0"
            #expect(MadeUpAddress.country(of: anonymised) == MadeUpAddress.country(of: address))
        }
    }

    @Test(arguments: ["", "100.64.99.1", "100.64.-1.1", "100.65.1.1", "192.0.2.1", "2001:db8::1", "100.64.1"])
    func othersHaveNoCountry(address: String) { #expect(MadeUpAddress.country(of: address) == nil) }

    @Test func addressesMakeOtherEventsOfOtherNames() {
        let plan = TrafficPlan(.history(from: 0, to: 86_400_000, events: 50))
        var addressed = plan
        addressed.hasAddresses = true
        #expect(plan.fingerprint != addressed.fingerprint)
        var generator = TrafficGenerator(addressed)
        var bytes: [UInt8] = []
        while generator.next(into: &bytes) != nil {}
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""clientAddress":"100.64."#))
    }
}
