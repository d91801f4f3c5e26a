/// Tokens of browsers. The first that is found counts: those that others pretend to be come last.
enum Browsers {
    struct Rule: Sendable {
        let token: StaticString
        let name: String
        /// Where the version is, if not after the token.
        var version: StaticString?

        init(_ token: StaticString, _ name: String, version: StaticString? = nil) {
            (self.token, self.name, self.version) = (token, name, version)
        }
    }

    static let rules: [Rule] = [
        // Browsers within apps.
        Rule("FBAN/", "Facebook", version: "FBAV/"), Rule("FBAV/", "Facebook"), Rule("Instagram ", "Instagram"),
        Rule("musical_ly", "TikTok"), Rule("BytedanceWebview/", "TikTok"), Rule("Snapchat/", "Snapchat"),
        Rule("MicroMessenger/", "WeChat"), Rule("Line/", "Line"), Rule("GSA/", "Google app"),
        Rule("LinkedInApp", "LinkedIn"), Rule("[Pinterest/", "Pinterest"), Rule("Electron/", "Electron"),
        // Descendants of Chromium, and browsers of iOS, which all are WebKit.
        Rule("EdgiOS/", "Edge"), Rule("EdgA/", "Edge"), Rule("Edg/", "Edge"), Rule("Edge/", "Edge"),
        Rule("OPR/", "Opera"), Rule("OPT/", "Opera"), Rule("OPX/", "Opera"), Rule("OPiOS/", "Opera"),
        Rule("Opera Mini/", "Opera Mini"), Rule("Opera/", "Opera", version: "Version/"), Rule("Opera ", "Opera"),
        Rule("SamsungBrowser/", "Samsung Internet"), Rule("YaBrowser/", "Yandex Browser"),
        Rule("Vivaldi/", "Vivaldi"), Rule("UCBrowser/", "UC Browser"), Rule("DuckDuckGo/", "DuckDuckGo"),
        Rule("Ddg/", "DuckDuckGo"), Rule("Brave/", "Brave"), Rule("Whale/", "Whale"),
        Rule("HuaweiBrowser/", "Huawei Browser"), Rule("MiuiBrowser/", "MIUI Browser"), Rule("Silk/", "Silk"),
        Rule("CocCoc", "Cốc Cốc", version: "coc_coc_browser/"), Rule("QQBrowser/", "QQ Browser"),
        Rule("Puffin/", "Puffin"), Rule("Ecosia", "Ecosia"), Rule("CriOS/", "Chrome"),
        // Descendants of Mozilla.
        Rule("FxiOS/", "Firefox"), Rule("Focus/", "Firefox Focus"), Rule("SeaMonkey/", "SeaMonkey"),
        Rule("PaleMoon/", "Pale Moon"), Rule("Waterfox/", "Waterfox"), Rule("Firefox/", "Firefox"),
        // The engines' own browsers.
        Rule("; wv)", "Android WebView", version: "Chrome/"), Rule("Chromium/", "Chromium"),
        Rule("Chrome/", "Chrome"), Rule("MSIE ", "Internet Explorer"),
        Rule("Trident/7", "Internet Explorer", version: "rv:"), Rule("Konqueror/", "Konqueror"),
        Rule("PlayStation ", "PlayStation"), Rule("NintendoBrowser/", "Nintendo"), Rule("NokiaBrowser/", "Nokia"),
        Rule("Epiphany/", "GNOME Web"), Rule("Android", "Android Browser", version: "Version/"),
        Rule("Safari/", "Safari", version: "Version/"), Rule("AppleWebKit/", "WebKit"),
        Rule("Lynx/", "Lynx"), Rule("w3m/", "w3m"), Rule("ELinks/", "ELinks"), Rule("Links (", "Links"),
        Rule("Dillo/", "Dillo"), Rule("Gecko/", "Mozilla", version: "rv:"),
    ]
}

/// Tokens of operating systems, likewise.
enum Systems {
    struct Rule: Sendable {
        let token: StaticString
        let name: String
        /// The version that the token stands for.
        var version: String?
        /// How many numbers of the version after the token count; 0 where it tells nothing.
        var numbers = 1

        init(_ token: StaticString, _ name: String, is version: String? = nil, numbers: Int = 1) {
            (self.token, self.name, self.version, self.numbers) = (token, name, version, numbers)
        }
    }

    static let rules: [Rule] = [
        Rule("Xbox", "Xbox", numbers: 0), Rule("PlayStation ", "PlayStation"),
        Rule("Nintendo Switch", "Nintendo", numbers: 0), Rule("Nintendo ", "Nintendo", numbers: 0),
        Rule("Windows Phone OS ", "Windows Phone"), Rule("Windows Phone ", "Windows Phone"),
        // What calls itself 10.0 may be 11: Microsoft froze the text.
        Rule("Windows NT 10.0", "Windows", is: "10"), Rule("Windows NT 6.3", "Windows", is: "8.1"),
        Rule("Windows NT 6.2", "Windows", is: "8"), Rule("Windows NT 6.1", "Windows", is: "7"),
        Rule("Windows NT 6.0", "Windows", is: "Vista"), Rule("Windows NT 5.1", "Windows", is: "XP"),
        Rule("Windows NT 5.2", "Windows", is: "XP"), Rule("Windows NT 5.0", "Windows", is: "2000"),
        Rule("Windows 98", "Windows", is: "98"), Rule("Windows", "Windows", numbers: 0),
        Rule("AppleTV", "tvOS", numbers: 0), Rule("Apple TV", "tvOS", numbers: 0),
        Rule("iPhone OS ", "iOS", numbers: 2), Rule("CPU OS ", "iPadOS", numbers: 2),
        Rule("iPad", "iPadOS", numbers: 0),
        Rule("iPhone", "iOS", numbers: 0), Rule("iPod", "iOS", numbers: 0),
        // Apple froze this text too: 10.15 is that or anything later.
        Rule("Mac OS X ", "macOS", numbers: 2), Rule("Macintosh", "macOS", numbers: 0),
        Rule("CrOS ", "ChromeOS", numbers: 0), Rule("Tizen ", "Tizen", numbers: 2), Rule("Tizen", "Tizen", numbers: 0),
        Rule("Web0S", "webOS", numbers: 0), Rule("webOS", "webOS", numbers: 0), Rule("Roku", "Roku", numbers: 0),
        Rule("KAIOS/", "KaiOS", numbers: 2), Rule("HarmonyOS", "HarmonyOS", numbers: 0),
        Rule("OpenHarmony ", "HarmonyOS"), Rule("Android ", "Android"), Rule("Android", "Android", numbers: 0),
        Rule("Ubuntu", "Ubuntu", numbers: 0), Rule("Fedora", "Fedora", numbers: 0),
        Rule("Debian", "Debian", numbers: 0),
        Rule("FreeBSD", "FreeBSD", numbers: 0), Rule("OpenBSD", "OpenBSD", numbers: 0),
        Rule("NetBSD", "NetBSD", numbers: 0), Rule("SunOS", "Solaris", numbers: 0), Rule("Linux", "Linux", numbers: 0),
        Rule("X11", "Unix", numbers: 0), Rule("BlackBerry", "BlackBerry", numbers: 0),
        Rule("Symbian", "Symbian", numbers: 0),
    ]
}

/// Tokens of devices.
enum Devices {
    static let consoles: [StaticString] = ["Xbox", "PlayStation", "PLAYSTATION", "Nintendo", "Steam Deck"]
    static let televisions: [StaticString] = [
        "SmartTV", "SMART-TV", "Smart TV", "AppleTV", "Apple TV", "GoogleTV", "Google TV", "Android TV", "BRAVIA",
        "Web0S", "HbbTV", "CrKey", "Roku", "AFTB", "AFTS", "AFTM", "AFTT", "NetCast", "VIDAA", "; TV", "DTV",
    ]
    static let tablets: [StaticString] = ["iPad", "Tablet", "tablet", "Kindle", "PlayBook", "KFAPWI", "SM-T"]
    static let phones: [StaticString] = [
        "Mobi", "iPhone", "iPod", "Windows Phone", "KAIOS", "Opera Mini", "BlackBerry", "Symbian", "Nokia",
    ]
}
