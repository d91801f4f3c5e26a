import Foundation
import Testing

@testable import Traffic

/// Whether the traffic is like traffic: each bound is several standard deviations wide.
struct HabitTests {
    private let seed: UInt64
    private let events: [ParsedEvent]
    private let sample: Sample

    init() throws {
        seed = announcedSeed("HabitTests")
        sample = Sample(Sample.history(days: 28, events: 60_000, seed: seed))
        events = try sample.first.map { try ParsedEvent($0.bytes) }
    }

    @Test("evenings are busier than nights, Sundays than Saturdays")
    func rhythm() {
        let hours = counts(events.map { Int($0.timestamp.dropFirst(11).prefix(2)) ?? 0 })
        #expect((hours[20] ?? 0) > 8 * (hours[3] ?? 0))
        #expect((hours[12] ?? 0) > 2 * (hours[6] ?? 0))
        let weekdays = counts(sample.first.map { Int(($0.event.time - Sample.monday) / Sample.day % 7) })
        #expect((weekdays[6] ?? 0) > (weekdays[5] ?? 0))
    }

    @Test("a few people come often, most seldom, and new ones keep coming")
    func people() {
        let people = sample.first.filter { $0.event.visitor >= Population.bots }
        let byPerson = counts(people.map(\.event.visitor)).values.sorted(by: >)
        let top = byPerson.prefix(byPerson.count / 10).reduce(0, +)
        #expect(top * 10 > people.count * 3, "the most active tenth makes \(top) of \(people.count)")
        #expect(byPerson[0] > 10 * byPerson[byPerson.count / 2])
        var known: Set<Int> = []
        var (new, returning) = ([0, 0, 0, 0], [0, 0, 0, 0])
        for week in 0..<4 {
            let range = Sample.monday + Int64(week) * 7 * Sample.day..<Sample.monday + Int64(week + 1) * 7 * Sample.day
            let visitors = Set(people.filter { range.contains($0.event.time) }.map(\.event.visitor))
            (new[week], returning[week]) = (visitors.subtracting(known).count, visitors.intersection(known).count)
            known.formUnion(visitors)
        }
        #expect(new.allSatisfy { $0 > 100 } && returning[1...].allSatisfy { $0 > 200 }, "\(new) \(returning)")
        #expect(known.count <= 2_000)
    }

    @Test("pages follow Zipf's law")
    func pages() {
        let products = counts(events.filter { $0.type == "product_view" }.compactMap { $0.text("path") }).values.sorted(
            by: >)
        #expect(products.count > 100)
        #expect(products[0] > 5 * products[9] / 2 && products[9] > 3 * products[99] / 2, "\(products.prefix(10))")
    }

    @Test("visits come from everywhere, on devices of all kinds, and a few are bots'")
    func arrivals() {
        let landings = events.filter {
            $0.type == "page_view" && $0.text("referrer")?.hasPrefix("https://shop.example") != true
        }
        let campaigns = landings.filter { $0.text("url")?.contains("?utm_source=") == true }
        #expect((landings.count / 20..<landings.count / 6).contains(campaigns.count))
        #expect(
            campaigns.allSatisfy {
                $0.text("url")?.wholeMatch(of: /https:.*\?utm_source=.+&utm_medium=.+&utm_campaign=.+/) != nil
            })
        let referrers = Set(landings.compactMap { $0.text("referrer") })
        #expect(
            referrers.isSuperset(of: [
                "https://www.google.com/", "https://www.instagram.com/", "https://huts.example/packing-list",
            ]))
        let agents = events.compactMap { $0.text("userAgent") }
        #expect(agents.count == events.count)
        let share = { (part: String) in Double(agents.count { $0.contains(part) }) / Double(agents.count) }
        #expect((0.25..<0.65).contains(share("Mobile")))
        #expect((0.2..<0.6).contains(share("Windows NT")))
        let bots = events.filter { $0.text("userAgent")?.contains(/(?i)bot|spider|crawl/) == true }
        #expect((0.02..<0.15).contains(Double(bots.count) / Double(events.count)))
        #expect(Set(bots.map(\.user)).count <= Population.bots)
    }

    @Test("people look, then put into the cart, then buy; orders add up")
    func funnel() {
        let types = counts(events.map(\.type))
        let steps = ["page_view", "product_view", "add_to_cart", "order"].map { types[$0] ?? 0 }
        #expect(steps == steps.sorted(by: >) && steps[3] > 50, "\(types)")
        #expect((types["click"] ?? 0) > 1_000 && (types["search"] ?? 0) > 300)
        for order in events where order.type == "order" {
            let items = order.metadata["items"] as? [[String: Any]] ?? []
            let sum = items.reduce(0) { $0 + cents($1["price"]) * ($1["quantity"] as? Int ?? 0) }
            #expect((1...4).contains(items.count) && sum > 0)
            #expect(cents(order.metadata["amount"]) == sum)
            #expect(order.text("currency") == "EUR")
        }
    }

    private func cents(_ number: Any?) -> Int { Int(((number as? Double ?? .nan) * 100).rounded()) }
}
