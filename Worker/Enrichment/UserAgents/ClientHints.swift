import Stores

/// What a browser says of itself in headers made for it (User-Agent Client Hints): `Sec-CH-UA` and its kin.
struct ClientHints: Equatable {
    /// The browser, by its brand.
    var browser: EventContext.Product?
    /// The operating system's name.
    var os: String?
    /// `?1` or `?0`.
    var isMobile: Bool?
    /// A robot that names itself.
    var bot: String?

    /// No hints.
    init() {}

    /// Reads the headers. What is not understood is left out.
    init(_ headers: RequestHeaders) {
        if let brands = headers.brands { read(brands: Self.brands(String(decoding: brands, as: UTF8.self))) }
        os = headers.platform.flatMap { Self.systems[Self.unquoted(String(decoding: $0, as: UTF8.self))] }
        isMobile = headers.mobile.flatMap {
            $0.elementsEqual("?1".utf8) ? true : $0.elementsEqual("?0".utf8) ? false : nil
        }
    }

    /// Brands by how they call themselves. What is not here is a decoy (`Not-A.Brand`) or unknown.
    private static let names = [
        "Google Chrome": "Chrome", "Microsoft Edge": "Edge", "Opera": "Opera", "Opera GX": "Opera", "Brave": "Brave",
        "Samsung Internet": "Samsung Internet", "Vivaldi": "Vivaldi", "YaBrowser": "Yandex Browser",
        "Yandex": "Yandex Browser", "DuckDuckGo": "DuckDuckGo", "Whale": "Whale", "Android WebView": "Android WebView",
        "Microsoft Edge WebView2": "Edge", "Avast Secure Browser": "Avast", "CocCoc": "Cốc Cốc",
    ]
    private static let systems = [
        "Windows": "Windows", "macOS": "macOS", "Linux": "Linux", "Android": "Android", "Chrome OS": "ChromeOS",
        "Chromium OS": "ChromeOS", "iOS": "iOS", "FreeBSD": "FreeBSD",
    ]

    private mutating func read(brands: [(name: String, version: String)]) {
        if brands.contains(where: { $0.name == "HeadlessChrome" }) { bot = "HeadlessChrome" }
        let named = brands.lazy.compactMap { brand in
            Self.names[brand.name].map { EventContext.Product(name: $0, version: brand.version) }
        }.first
        browser = named ?? brands.first { $0.name == "Chromium" }.map { .init(name: "Chromium", version: $0.version) }
    }

    /// Reads `"Brand";v="124", …`. A brand may hold any character, commas and semicolons too: that is the point of decoys.
    static func brands(_ header: String) -> [(name: String, version: String)] {
        var (strings, current, isInside, isEscaped) = ([String](), "", false, false)
        for character in header.unicodeScalars.prefix(512) {
            if isEscaped {
                current.unicodeScalars.append(character)
                isEscaped = false
            } else if character == "\"" {
                if isInside { strings.append(current) }
                (isInside, current) = (!isInside, "")
            } else if isInside, character == "\\" {
                isEscaped = true
            } else if isInside {
                current.unicodeScalars.append(character)
            }
        }
        // Names and versions take turns.
        return stride(from: 0, to: strings.count - 1, by: 2).map { index in
            (strings[index], String(strings[index + 1].prefix { $0.isASCII && $0.isNumber }.prefix(8)))
        }
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
