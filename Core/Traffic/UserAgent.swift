/// Browsers and bots, as they name themselves.
struct UserAgent: Sendable {
    enum Device: Sendable {
        case desktop, mobile, tablet
    }

    let device: Device
    /// As it stands within a JSON string.
    let text: [UInt8]
    private let weight: Double

    private init(_ device: Device, _ weight: Double, _ text: String) {
        self.device = device
        self.weight = weight
        self.text = Array(text.utf8)
    }

    static let all = desktop + mobile + tablet
    static let choice = WeightedChoice(all.map(\.weight))

    static let bots = [
        "ExampleBot/2.1 (+https://bot.example/about)",
        "Mozilla/5.0 (compatible; SiteSpider/4.0; +https://spider.example)",
        "link-checker-bot/1.3", "Mozilla/5.0 (compatible; FeedCrawler/0.9; +https://feeds.example/crawler.html)",
    ].map { UserAgent(.desktop, 1, $0) }

    private static let desktop =
        chromeVersions.flatMap { version, share in
            [
                chrome(.desktop, 24 * share, "Windows NT 10.0; Win64; x64", version),
                chrome(.desktop, 9 * share, "Macintosh; Intel Mac OS X 10_15_7", version),
                chrome(.desktop, 2 * share, "X11; Linux x86_64", version),
                chrome(.desktop, 6 * share, "Windows NT 10.0; Win64; x64", version, suffix: " Edg/\(version).0.0.0"),
            ]
        }
        + firefoxVersions.flatMap { version, share in
            [
                firefox(3 * share, "Windows NT 10.0; Win64; x64", version),
                firefox(2 * share, "X11; Linux x86_64", version),
                firefox(1 * share, "Macintosh; Intel Mac OS X 10.15", version),
            ]
        } + ["17.5", "18.1"].map { safari(.desktop, 4, "Macintosh; Intel Mac OS X 10_15_7", $0, "") }

    private static let mobile =
        chromeVersions.flatMap { version, share in
            [
                chrome(.mobile, 20 * share, "Linux; Android 10; K", version, mobile: " Mobile"),
                chrome(.mobile, 2 * share, "Linux; Android 14; SM-S911B", version, mobile: " Mobile"),
            ]
        }
        + ["17_5", "18_1"].map {
            safari(
                .mobile, 11, "iPhone; CPU iPhone OS \($0) like Mac OS X", $0.replacing("_", with: "."), " Mobile/15E148"
            )
        }

    private static let tablet = [
        safari(.tablet, 2, "iPad; CPU OS 17_5 like Mac OS X", "17.5", " Mobile/15E148"),
        chrome(.tablet, 1, "Linux; Android 13; SM-X200", 126),
    ]

    private static let chromeVersions = [(124, 0.2), (125, 0.3), (126, 0.5)]
    private static let firefoxVersions = [(115, 0.2), (127, 0.8)]

    private static func chrome(
        _ device: Device, _ weight: Double, _ platform: String, _ version: Int, mobile: String = "", suffix: String = ""
    ) -> UserAgent {
        UserAgent(
            device, weight,
            "Mozilla/5.0 (\(platform)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(version).0.0.0\(mobile) "
                + "Safari/537.36\(suffix)")
    }

    private static func firefox(_ weight: Double, _ platform: String, _ version: Int) -> UserAgent {
        UserAgent(
            .desktop, weight, "Mozilla/5.0 (\(platform); rv:\(version).0) Gecko/20100101 Firefox/\(version).0")
    }

    private static func safari(
        _ device: Device, _ weight: Double, _ platform: String, _ version: String, _ mobile: String
    ) -> UserAgent {
        UserAgent(
            device, weight,
            "Mozilla/5.0 (\(platform)) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/\(version)\(mobile) "
                + "Safari/604.1")
    }
}
