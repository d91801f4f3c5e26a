/// How a visit came to the site.
struct Arrival: Sendable {
    /// By themselves, from a search engine, a social network, another site, or by a campaign.
    enum Way: Int, Sendable {
        case direct, search, social, site, campaign
    }

    struct Campaign: Sendable {
        /// Of the landing page's address.
        let query: [UInt8]
        let referrer: Int?
    }

    static let ways = WeightedChoice([34, 33, 13, 11, 9])

    let way: Way
    private let detail: Int

    /// Visitors keep their habits in six of ten visits.
    init(of visitor: Visitor, _ random: inout SplitMix64) {
        guard !visitor.isBot else {
            (way, detail) = (.direct, 0)
            return
        }
        way = Way(rawValue: random.chance(0.6) ? visitor.usualWay : Self.ways.draw(&random)) ?? .direct
        detail =
            switch way {
            case .direct: 0
            case .search: Self.engineChoice.draw(&random)
            case .social: Self.networkChoice.draw(&random)
            case .site: random.index(below: Self.sites.count)
            case .campaign: random.index(below: Self.campaigns.count)
            }
    }

    /// The address of the page before the landing page, if there was one.
    var referrer: [UInt8]? {
        switch way {
        case .direct: nil
        case .search: Self.engines[detail]
        case .social: Self.networks[detail]
        case .site: Self.sites[detail]
        case .campaign: Self.campaigns[detail].referrer.map { Self.networks[$0] }
        }
    }

    /// The query of the landing page's address: the campaign.
    var query: [UInt8]? { way == .campaign ? Self.campaigns[detail].query : nil }

    /// Where the visit begins.
    func landing(for visitor: Visitor, _ random: inout SplitMix64) -> Int {
        let site = Site.site
        switch Self.landings[way.rawValue].draw(&random) {
        case 0: return site.home
        case 1: return site.productPages.lowerBound + site.product.draw(&random)
        case 2: return site.articlePages.lowerBound + site.article.draw(&random)
        default: return site.categoryPages.lowerBound + visitor.favourite
        }
    }

    /// By way: on the home page, at a product, an article, a category.
    private static let landings = [
        [70, 16, 6, 8], [8, 52, 28, 12], [5, 25, 55, 15], [10, 15, 70, 5], [10, 50, 10, 30],
    ]
    .map { WeightedChoice($0) }

    private static let engines = [
        "https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/", "https://www.ecosia.org/",
    ].map { Array($0.utf8) }
    private static let engineChoice = WeightedChoice([84, 7, 6, 3])
    private static let networks = [
        "https://www.instagram.com/", "https://www.facebook.com/", "https://www.youtube.com/",
        "https://www.reddit.com/", "https://t.co/",
    ].map { Array($0.utf8) }
    private static let networkChoice = WeightedChoice([38, 27, 15, 13, 7])
    private static let sites = [
        "https://trail-notes.example/gear", "https://huts.example/packing-list", "https://weekend.example/outdoors",
        "https://forum.example/t/which-tent",
    ].map { Array($0.utf8) }

    private static let campaigns = [
        campaign("newsletter", "email", "weekly"), campaign("newsletter", "email", "new-arrivals"),
        campaign("google", "cpc", "tents"), campaign("google", "cpc", "brand"),
        campaign("instagram", "paid_social", "season-start", referrer: 0),
        campaign("facebook", "paid_social", "retargeting", referrer: 1), campaign("partner", "affiliate", "huts"),
    ]

    private static func campaign(
        _ source: String, _ medium: String, _ name: String, referrer: Int? = nil
    ) -> Campaign {
        Campaign(
            query: Array("?utm_source=\(source)&utm_medium=\(medium)&utm_campaign=\(name)".utf8), referrer: referrer)
    }
}
