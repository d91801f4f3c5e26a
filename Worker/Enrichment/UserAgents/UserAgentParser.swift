import Stores

/// Reads a user agent by tables of tokens. Some microseconds: its answers are remembered.
struct UserAgentParser {
    private let text: UserAgentText

    init(_ text: ArraySlice<UInt8>) { self.text = UserAgentText(text) }

    /// What the text tells; client hints count for more where there are any.
    func facts(_ hints: ClientHints) -> UserAgentFacts {
        if let bot = Robots.name(in: text) ?? hints.bot { return UserAgentFacts(bot: bot) }
        let os = operatingSystem(hints)
        return UserAgentFacts(device: device(hints, os), browser: hints.browser ?? browser, os: os)
    }

    private var browser: EventContext.Product? {
        for rule in Browsers.rules {
            guard let end = text.end(of: rule.token) else { continue }
            let place = rule.version.map { text.end(of: $0) } ?? end
            return EventContext.Product(name: rule.name, version: place.flatMap { text.version(at: $0, numbers: 1) })
        }
        return nil
    }

    private func operatingSystem(_ hints: ClientHints) -> EventContext.Product? {
        let told = Systems.rules.lazy.compactMap { rule -> EventContext.Product? in
            guard let end = text.end(of: rule.token) else { return nil }
            let version = rule.version.map { $0 } ?? text.version(at: end, numbers: rule.numbers)
            return EventContext.Product(name: rule.name, version: rule.numbers > 0 ? version : nil)
        }.first
        guard let hinted = hints.os else { return told }
        return hinted == told?.name ? told : EventContext.Product(name: hinted)
    }

    private func device(_ hints: ClientHints, _ os: EventContext.Product?) -> String {
        if Devices.consoles.contains(where: { text.contains($0) }) { return Device.console }
        if Devices.televisions.contains(where: { text.contains($0) }) { return Device.tv }
        if Devices.tablets.contains(where: { text.contains($0) }) { return Device.tablet }
        if hints.isMobile == true || Devices.phones.contains(where: { text.contains($0) }) { return Device.mobile }
        switch os?.name {
        case "Android", "Fire OS":
            // Tablets leave out "Mobile"; so do apps of phones, which speak for no browser.
            return text.contains("Dalvik/") || text.contains("okhttp/") ? Device.mobile : Device.tablet
        case "iOS", "KaiOS", "Windows Phone", "HarmonyOS": return Device.mobile
        case .some: return Device.desktop
        case nil: return Device.other
        }
    }
}
