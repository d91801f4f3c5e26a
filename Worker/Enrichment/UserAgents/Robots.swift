/// Names of programs that are nobody's eyes.
enum Robots {
    /// Tokens that need no look at the words around them, with the names they stand for.
    private static let known: [(token: StaticString, name: String)] = [
        ("AdsBot-Google", "AdsBot-Google"), ("Mediapartners-Google", "Mediapartners-Google"),
        ("Google-InspectionTool", "Google-InspectionTool"), ("GoogleOther", "GoogleOther"),
        ("Googlebot", "Googlebot"), ("FeedFetcher-Google", "FeedFetcher-Google"), ("bingbot", "bingbot"),
        ("BingPreview", "BingPreview"), ("adidxbot", "adidxbot"), ("msnbot", "msnbot"), ("Slurp", "Yahoo! Slurp"),
        ("GPTBot", "GPTBot"), ("ChatGPT-User", "ChatGPT-User"), ("OAI-SearchBot", "OAI-SearchBot"),
        ("ClaudeBot", "ClaudeBot"), ("Claude-User", "Claude-User"), ("Claude-SearchBot", "Claude-SearchBot"),
        ("anthropic-ai", "anthropic-ai"), ("PerplexityBot", "PerplexityBot"), ("Perplexity-User", "Perplexity-User"),
        ("CCBot", "CCBot"), ("Bytespider", "Bytespider"), ("Amazonbot", "Amazonbot"), ("cohere-ai", "cohere-ai"),
        ("meta-externalagent", "meta-externalagent"), ("facebookexternalhit", "facebookexternalhit"),
        ("facebookcatalog", "facebookcatalog"), ("WhatsApp/", "WhatsApp preview"),
        ("Pinterestbot", "Pinterestbot"), ("Baiduspider", "Baiduspider"), ("Sogou web spider", "Sogou web spider"),
        ("HeadlessChrome", "HeadlessChrome"), ("PhantomJS", "PhantomJS"), ("Chrome-Lighthouse", "Lighthouse"),
        ("Playwright", "Playwright"), ("Puppeteer", "Puppeteer"), ("Selenium", "Selenium"), ("Cypress/", "Cypress"),
        ("Google Page Speed Insights", "PageSpeed Insights"), ("Pingdom", "Pingdom"), ("StatusCake", "StatusCake"),
        ("ia_archiver", "ia_archiver"), ("Feedly", "Feedly"), ("NetcraftSurveyAgent", "Netcraft"),
        ("W3C_Validator", "W3C Validator"), ("HTTrack", "HTTrack"), ("Nutch", "Nutch"), ("Wappalyzer", "Wappalyzer"),
    ]
    /// Programs and libraries, by how their user agent begins.
    private static let programs: [(prefix: StaticString, name: String)] = [
        ("curl/", "curl"), ("Wget/", "Wget"), ("python-requests/", "python-requests"),
        ("Python-urllib/", "Python-urllib"), ("python-httpx/", "python-httpx"), ("Python/", "aiohttp"),
        ("aiohttp/", "aiohttp"), ("Go-http-client/", "Go-http-client"), ("Java/", "Java"),
        ("Apache-HttpClient/", "Apache-HttpClient"), ("libwww-perl/", "libwww-perl"), ("axios/", "axios"),
        ("node-fetch/", "node-fetch"), ("node", "node"), ("undici", "undici"), ("got (", "got"), ("Ruby", "Ruby"),
        ("PostmanRuntime/", "Postman"), ("insomnia/", "Insomnia"), ("Scrapy/", "Scrapy"), ("PHP/", "PHP"),
        ("GuzzleHttp/", "Guzzle"), ("Jakarta Commons-HttpClient/", "Apache-HttpClient"), ("HTTPie/", "HTTPie"),
        ("kube-probe/", "kube-probe"), ("ELB-HealthChecker/", "ELB-HealthChecker"), ("Prometheus/", "Prometheus"),
        ("check_http/", "check_http"), ("masscan/", "masscan"), ("Tiny Tiny RSS/", "Tiny Tiny RSS"),
        ("UniversalFeedParser/", "UniversalFeedParser"), ("Twisted PageGetter", "Twisted"),
        ("Zabbix", "Zabbix"), ("Datadog", "Datadog"), ("wrk", "wrk"), ("ApacheBench/", "ApacheBench"), ("k6/", "k6"),
    ]
    /// Parts of words that no browser has in its name.
    private static let marks: [StaticString] = ["bot", "crawl", "spider", "scrape", "slurp", "monitor", "archive"]
    private static let addresses: [StaticString] = ["http://", "https://", "@"]
    /// Phones, for all that their maker is called.
    private static let phone: StaticString = "cubot"

    /// The robot's name; `nil` for what seems to be a person's program.
    static func name(in text: UserAgentText) -> String? {
        if let program = programs.first(where: { text.begins(with: $0.prefix) }) { return program.name }
        if let robot = known.first(where: { text.contains($0.token) }) { return robot.name }
        return word(in: text)
    }

    /// The word that has one of the marks, as written.
    private static func word(in text: UserAgentText) -> String? {
        let lower = UserAgentText(text.bytes.map(lowercased)[...])
        if let end = marks.lazy.compactMap({ lower.end(of: $0) }).first, !lower.contains(phone) {
            var start = end - 1
            while start > 0, isWordByte(text.bytes[start - 1]) { start -= 1 }
            return word(in: text, at: start)
        }
        // An address to complain at: robots give one, browsers do not.
        guard addresses.contains(where: { lower.contains($0) }) else { return nil }
        return word(
            in: text, at: lower.end(of: "compatible; ") ?? (lower.begins(with: "mozilla") ? lower.bytes.count : 0))
    }

    /// The word that begins at a place, or `other`.
    private static func word(in text: UserAgentText, at start: Int) -> String {
        let word = text.bytes[start...].prefix(40).prefix(while: isWordByte)
        return word.isEmpty ? "other" : String(decoding: word, as: UTF8.self)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch lowercased(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "!"):
            true
        default: false
        }
    }
}

extension UserAgentText {
    fileprivate func begins(with prefix: StaticString) -> Bool {
        bytes.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
    }
}
