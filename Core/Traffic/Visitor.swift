/// What stays the same about a visitor; a function of the number and the seed.
struct Visitor: Sendable {
    /// What bits of a visitor's own randomness are for.
    private enum Trait: UInt64 {
        case identity = 1
        case agent, screen, language, way, category
    }

    let number: Int
    private let key: UInt64

    init(number: Int, seed: UInt64) {
        self.number = number
        key = SplitMix64.mixed(seed ^ 0x0076_6973)
    }

    var isBot: Bool { number < Population.bots }

    /// No two visitors have the same: mixing is one to one.
    var identity: UInt64 { SplitMix64.mixed(SplitMix64.mixed(key &+ UInt64(number)) ^ Trait.identity.rawValue) }

    /// The index of the user agent, of the bots' or of the people's.
    var agent: Int { isBot ? number % UserAgent.bots.count : UserAgent.choice.choose(trait(.agent)) }

    func screen(of device: UserAgent.Device) -> Int { Int(trait(.screen) * Double(Screens.sizes(device).count)) }

    var language: Int { Languages.choice.choose(trait(.language)) }

    /// How this visitor usually comes.
    var usualWay: Int { Arrival.ways.choose(trait(.way)) }

    /// The category of products that interests most.
    var favourite: Int { Int(trait(.category) * Double(Site.categories.count)) }

    private func trait(_ trait: Trait) -> Double {
        unitInterval(SplitMix64.mixed(key &+ UInt64(number) &+ trait.rawValue << 56))
    }
}

/// The languages of browsers.
enum Languages {
    static let all = [
        "en-GB", "en-US", "de-DE", "fr-FR", "nl-NL", "es-ES", "it-IT", "pl-PL", "sv-SE", "pt-BR", "ja-JP",
    ].map { Array($0.utf8) }
    static let choice = WeightedChoice([18, 24, 20, 9, 7, 6, 5, 4, 3, 2, 2])
}

/// The sizes of screens, in CSS pixels.
enum Screens {
    private static let desktop = ["1920x1080", "1536x864", "2560x1440", "1440x900", "1366x768", "1280x720"].map(bytes)
    private static let mobile = ["390x844", "412x915", "360x800", "393x852", "430x932", "375x667"].map(bytes)
    private static let tablet = ["820x1180", "768x1024", "800x1280"].map(bytes)

    static func sizes(_ device: UserAgent.Device) -> [[UInt8]] {
        switch device {
        case .desktop: desktop
        case .mobile: mobile
        case .tablet: tablet
        }
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
