/// Which sites search, connect, carry mail, and so on.
enum ReferrerTable {
    /// The class of a site, by the longest part of its host that is known.
    static func kind(of host: String) -> String {
        var rest = host[...]
        while !rest.isEmpty {
            if let kind = sites[String(rest)] { return kind }
            if isBrand(rest) { return "search" }
            guard let dot = rest.firstIndex(of: ".") else { break }
            rest = rest[rest.index(after: dot)...]
        }
        return "other"
    }

    /// A search engine that has a domain in every country: `google.de`, `yandex.com.tr`, `google.co.uk`.
    private static func isBrand(_ host: Substring) -> Bool {
        guard let dot = host.firstIndex(of: "."), brands.contains(String(host[..<dot])) else { return false }
        let ends = host[host.index(after: dot)...].split(separator: ".", omittingEmptySubsequences: false)
        let isCountry = (2...3).contains(ends.last?.utf8.count ?? 0)
        return isCountry && (ends.count == 1 || ends.count == 2 && ["co", "com"].contains(ends[0]))
    }

    private static let brands: Set<String> = ["google", "yandex", "yahoo", "bing"]

    static let apps = [
        "com.google.android.googlequicksearchbox": "search", "com.google.android.gm": "email",
        "com.microsoft.office.outlook": "email", "com.linkedin.android": "social", "com.twitter.android": "social",
        "com.facebook.katana": "social", "com.instagram.android": "social", "com.reddit.frontpage": "social",
        "com.slack": "app", "com.openai.chatgpt": "ai", "com.google.android.youtube": "video",
    ]

    private static let sites: [String: String] = {
        let lists: [(String, [String])] = [
            (
                "search",
                [
                    "duckduckgo.com", "baidu.com", "ecosia.org", "startpage.com", "qwant.com", "search.brave.com",
                    "naver.com", "daum.net", "sogou.com", "so.com", "seznam.cz", "kagi.com", "ask.com", "aol.com",
                    "search.aol.com", "ya.ru", "swisscows.com", "mojeek.com", "presearch.com", "metager.org",
                    "dogpile.com",
                    "search.marginalia.nu", "lycos.com", "coccoc.com", "yep.com", "rambler.ru",
                ]
            ),
            (
                "social",
                [
                    "facebook.com", "fb.com", "fb.me", "instagram.com", "twitter.com", "x.com", "t.co", "linkedin.com",
                    "lnkd.in", "reddit.com", "redd.it", "pinterest.com", "pinterest.de", "pinterest.fr",
                    "pinterest.co.uk", "pin.it", "tiktok.com", "threads.net", "threads.com", "bsky.app",
                    "mastodon.social", "mastodon.online", "vk.com", "ok.ru", "tumblr.com", "quora.com",
                    "news.ycombinator.com", "lobste.rs", "weibo.com", "zhihu.com", "t.me", "web.telegram.org",
                    "telegram.org", "web.whatsapp.com", "whatsapp.com", "wa.me", "discord.com", "discordapp.com",
                    "snapchat.com", "xing.com", "nextdoor.com", "slashdot.org", "stumbleupon.com", "digg.com",
                    "plus.google.com", "line.me", "messenger.com",
                ]
            ),
            (
                "email",
                [
                    "mail.google.com", "mail.yahoo.com", "mail.yahoo.co.jp", "outlook.live.com", "outlook.office.com",
                    "outlook.office365.com", "outlook.com", "hotmail.com", "mail.proton.me", "mail.protonmail.com",
                    "e.mail.ru", "mail.yandex.ru", "mail.yandex.com", "gmx.net", "gmx.de", "mail.aol.com",
                    "fastmail.com", "app.fastmail.com", "mail.zoho.com", "mail.tutanota.com", "app.tuta.com",
                    "mail.163.com", "mail.qq.com", "webmail.freenet.de", "deref-gmx.net", "deref-web.de",
                ]
            ),
            (
                "ai",
                [
                    "chatgpt.com", "chat.openai.com", "openai.com", "perplexity.ai", "claude.ai", "gemini.google.com",
                    "bard.google.com", "copilot.microsoft.com", "copilot.com", "you.com", "chat.deepseek.com",
                    "deepseek.com", "poe.com", "grok.com", "meta.ai", "chat.mistral.ai", "phind.com", "kimi.com",
                    "notebooklm.google.com",
                ]
            ),
            (
                "video",
                [
                    "youtube.com", "youtu.be", "m.youtube.com", "vimeo.com", "twitch.tv", "dailymotion.com",
                    "bilibili.com", "rutube.ru", "nicovideo.jp",
                ]
            ),
            // Of the search engines' own, what does not search.
            (
                "other",
                [
                    "docs.google.com", "drive.google.com", "sites.google.com", "accounts.google.com",
                    "meet.google.com", "calendar.google.com", "translate.google.com", "groups.google.com",
                    "classroom.google.com", "accounts.yahoo.com", "finance.yahoo.com",
                ]
            ),
        ]
        return Dictionary(uniqueKeysWithValues: lists.flatMap { list in list.1.map { ($0, list.0) } })
    }()
}
