import Stores
import Testing

@testable import Worker

/// A table of user agents in the shapes that are met, and what each tells.
struct UserAgentTests {
    private static let mozilla = "Mozilla/5.0 "
    private static let webKit = "AppleWebKit/537.36 (KHTML, like Gecko) "
    private static let apple = "AppleWebKit/605.1.15 (KHTML, like Gecko) "

    /// The system in parentheses and what follows; device, browser, operating system.
    private static let people: [(String, String)] = [
        ("(Windows NT 10.0; Win64; x64) \(webKit)Chrome/131.0.0.0 Safari/537.36", "desktop, Chrome 131, Windows 10"),
        (
            "(Windows NT 10.0; Win64; x64) \(webKit)Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51",
            "desktop, Edge 131, Windows 10"
        ),
        (
            "(Windows NT 10.0; Win64; x64) \(webKit)Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0",
            "desktop, Opera 115, Windows 10"
        ),
        ("(Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop, Firefox 133, Windows 10"),
        ("(Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "desktop, Internet Explorer 11, Windows 7"),
        ("(compatible; MSIE 9.0; Windows NT 6.0; Trident/5.0)", "desktop, Internet Explorer 9, Windows Vista"),
        ("(Windows NT 5.1) \(webKit)Chrome/49.0.2623.112 Safari/537.36", "desktop, Chrome 49, Windows XP"),
        ("(Macintosh; Intel Mac OS X 10_15_7) \(apple)Version/17.6 Safari/605.1.15", "desktop, Safari 17, macOS 10.15"),
        (
            "(Macintosh; Intel Mac OS X 10_15_7) \(webKit)Chrome/131.0.0.0 Safari/537.36",
            "desktop, Chrome 131, macOS 10.15"
        ),
        (
            "(Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
            "desktop, Firefox 132, macOS 10.15"
        ),
        ("(X11; Linux x86_64) \(webKit)Chrome/131.0.0.0 Safari/537.36", "desktop, Chrome 131, Linux"),
        ("(X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop, Firefox 133, Ubuntu"),
        ("(X11; CrOS x86_64 14541.0.0) \(webKit)Chrome/131.0.0.0 Safari/537.36", "desktop, Chrome 131, ChromeOS"),
        ("(X11; FreeBSD amd64; rv:115.0) Gecko/20100101 Firefox/115.0", "desktop, Firefox 115, FreeBSD"),
        ("(X11; Linux x86_64) \(webKit)Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0", "desktop, Vivaldi 7, Linux"),
        (
            "(Windows NT 10.0) \(webKit)Chrome/128.0.0.0 YaBrowser/24.10.0 Safari/537.36",
            "desktop, Yandex Browser 24, Windows 10"
        ),
        (
            "(iPhone; CPU iPhone OS 17_5_1 like Mac OS X) \(apple)Version/17.5 Mobile/15E148 Safari/604.1",
            "mobile, Safari 17, iOS 17.5"
        ),
        (
            "(iPhone; CPU iPhone OS 18_1 like Mac OS X) \(apple)CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
            "mobile, Chrome 131, iOS 18.1"
        ),
        (
            "(iPhone; CPU iPhone OS 17_7 like Mac OS X) \(apple)FxiOS/133.0 Mobile/15E148 Safari/605.1.15",
            "mobile, Firefox 133, iOS 17.7"
        ),
        (
            "(iPhone; CPU iPhone OS 17_0 like Mac OS X) \(apple)Version/17.0 EdgiOS/130.0 Mobile/15E148 Safari/604.1",
            "mobile, Edge 130, iOS 17.0"
        ),
        (
            "(iPad; CPU OS 16_6 like Mac OS X) \(apple)Version/16.6 Mobile/15E148 Safari/604.1",
            "tablet, Safari 16, iPadOS 16.6"
        ),
        (
            "(iPhone; CPU iPhone OS 17_6 like Mac OS X) \(apple)Mobile/15E148 [FBAN/FBIOS;FBAV/490.0.0.30.98;FBBV/1]",
            "mobile, Facebook 490, iOS 17.6"
        ),
        (
            "(iPhone; CPU iPhone OS 18_0 like Mac OS X) \(apple)Mobile/22A3354 Instagram 358.0.0.27.92",
            "mobile, Instagram 358, iOS 18.0"
        ),
        ("(Linux; Android 10; K) \(webKit)Chrome/131.0.0.0 Mobile Safari/537.36", "mobile, Chrome 131, Android 10"),
        ("(Linux; Android 13; SM-X710) \(webKit)Chrome/131.0.0.0 Safari/537.36", "tablet, Chrome 131, Android 13"),
        (
            "(Linux; Android 14; SM-S921B) \(webKit)SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "mobile, Samsung Internet 26, Android 14"
        ),
        ("(Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "mobile, Firefox 133, Android 14"),
        ("(Android 12; Tablet; rv:121.0) Gecko/121.0 Firefox/121.0", "tablet, Firefox 121, Android 12"),
        (
            "(Linux; Android 13; Pixel 7 Build/X; wv) \(webKit)Version/4.0 Chrome/130.0.1 Mobile Safari/537.36",
            "mobile, Android WebView 130, Android 13"
        ),
        (
            "(Linux; U; Android 4.0.3; de-de; GT-I9100 Build/X) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
            "mobile, Android Browser 4, Android 4"
        ),
        (
            "(Linux; Android 9; CUBOT X19) \(webKit)Chrome/110.0.0.0 Mobile Safari/537.36",
            "mobile, Chrome 110, Android 9"
        ),
        (
            "(Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) \(webKit)Chrome/52.0 Mobile Safari/537.36 Edge/15.15063",
            "mobile, Edge 15, Windows Phone 10"
        ),
        ("(Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "mobile, Firefox 48, KaiOS 2.5"),
        ("(SMART-TV; Linux; Tizen 6.0) \(webKit)Chrome/76.0.3809.146 TV Safari/537.36", "tv, Chrome 76, Tizen 6.0"),
        ("(Web0S; Linux/SmartTV) \(webKit)Chrome/87.0.4280.88 Safari/537.36 WebAppManager", "tv, Chrome 87, webOS"),
        ("(Linux; Android 11; BRAVIA 4K VH2) \(webKit)Chrome/120.0.0.0 Safari/537.36", "tv, Chrome 120, Android 11"),
        (
            "(PlayStation; PlayStation 5/8.00) \(apple)Version/15.4 Safari/605.1.15",
            "console, PlayStation 5, PlayStation 5"
        ),
        (
            "(Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) \(webKit)Chrome/46.0 Safari/537.36 Edge/18.19041",
            "console, Edge 18, Xbox"
        ),
        (
            "(Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474",
            "console, Nintendo 5, Nintendo"
        ),
        (
            "(Linux; Android 9; KFTRWI) \(webKit)Silk/129.1.1 like Chrome/129.0 Safari/537.36",
            "tablet, Silk 129, Android 9"
        ),
    ]

    @Test(arguments: people)
    func aPersonsProgram(text: String, expected: String) {
        let facts = facts(Self.mozilla + text)
        #expect(facts.bot == nil)
        #expect(
            [facts.device, told(facts.browser), told(facts.os)].compactMap { $0 }.joined(separator: ", ") == expected)
    }

    private static let robots: [(String, String)] = [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) \(webKit)Chrome/131.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot"
        ),
        (
            "Mozilla/5.0 \(webKit)Chrome/116.0 Safari/537.36 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "bingbot"
        ),
        ("Mozilla/5.0 \(webKit); compatible; GPTBot/1.2; +https://openai.com/gptbot", "GPTBot"),
        ("Mozilla/5.0 \(webKit)(compatible; ClaudeBot/1.0; +mailto:claudebot@example.com)", "ClaudeBot"),
        ("Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)", "PerplexityBot"),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", "CCBot"),
        (
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "meta-externalagent"
        ),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "YandexBot"),
        ("Mozilla/5.0 (compatible; SeznamBot/4.0; +http://napoveda.seznam.cz/seznambot-intro/)", "SeznamBot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
        ("Mozilla/5.0 (X11; Linux x86_64) \(webKit)HeadlessChrome/131.0.0.0 Safari/537.36", "HeadlessChrome"),
        ("curl/8.5.0", "curl"), ("Wget/1.21.3", "Wget"), ("python-requests/2.32.3", "python-requests"),
        ("Go-http-client/2.0", "Go-http-client"),
        ("Mozilla/5.0 (compatible; Thing/1.0; +https://thing.example)", "Thing"),
        ("Mozilla/4.0 (me@site.example)", "other"),
        ("FeedThing/1.0 (http://feeds.example)", "FeedThing"),
        ("some-crawler/0.1", "some-crawler"), ("UptimeRobot/2.0", "UptimeRobot"),
    ]

    @Test(arguments: robots)
    func aRobotsName(text: String, name: String) {
        #expect(facts(text) == UserAgentFacts(bot: name))
    }

    @Test(arguments: ["-", "x", "MyApp/1.0", "()", "Mozilla/5.0"])
    func whatTellsNothingIsOther(text: String) {
        let facts = facts(text)
        #expect(facts.device == Device.other && facts.os == nil && facts.bot == nil)
    }

    private func facts(_ text: String) -> UserAgentFacts { UserAgentParser(Array(text.utf8)[...]).facts(ClientHints()) }

    private func told(_ product: EventContext.Product?) -> String? {
        product.map { ([$0.name] + [$0.version].compactMap { $0 }).joined(separator: " ") }
    }
}
