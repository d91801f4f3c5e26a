import Stores
import Testing

@testable import Worker

/// Paths, campaigns and referrers.
struct PageTests {
    private static let paths: [(String, String?)] = [
        (#"{"url":"https://shop.example/a/b?token=s3cr3t&q=1#frag"}"#, "/a/b"),
        (#"{"url":"https://shop.example"}"#, "/"), (#"{"url":"https:\/\/shop.example\/a"}"#, "/a"),
        (#"{"url":"https://user:password@shop.example:8443/a"}"#, "/a"),
        (#"{"url":"/a?b=c"}"#, "/a"), (#"{"url":"https://shop.example?email=joe@example.com"}"#, "/"),
        (#"{"path":"/b","url":"https://shop.example/a"}"#, "/b"), (#"{"path":"b?password=x"}"#, "/b"),
        (#"{"path":"https://shop.example/c?d"}"#, "/c"), (#"{"path":"","url":"https://shop.example/a"}"#, "/a"),
        (#"{"path":"/cart;jsessionid=0123456789ABCDEF/items;x=y"}"#, "/cart/items"),
        (#"{"path":"/reset/joe@example.com/now"}"#, "/reset/[email]/now"),
        (#"{"path":"/reset/joe%40example.com"}"#, "/reset/[email]"),
        (#"{"path":"/reset/9f86d081884c7d659a2feaa0c55ad015"}"#, "/reset/[token]"),
        (#"{"path":"/in/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"}"#, "/in/[token]"),
        (
            #"{"path":"/2024/how-to-cook-the-best-pasta-in-10-minutes-and-more"}"#,
            "/2024/how-to-cook-the-best-pasta-in-10-minutes-and-more"
        ),
        (#"{"path":"/orders/123e4567-e89b-12d3-a456-426614174000"}"#, "/orders/123e4567-e89b-12d3-a456-426614174000"),
        (#"{"path":"/%D0%BF%D1%83%D1%82%D1%8C/путь/"}"#, "/%D0%BF%D1%83%D1%82%D1%8C/путь/"),
        (#"{"path":"/a\u0000b\nc\u007f"}"#, "/abc"), ("{}", nil), (#"{"title":"no page"}"#, nil),
    ]

    @Test(arguments: paths)
    func thePath(metadata: String, expected: String?) throws {
        let event = try enriched(metadata)
        #expect(event.context.path == expected)
        #expect(event.context.failures == [])
    }

    @Test func longPathsAreCutBetweenCharacters() throws {
        let path = try #require(try enriched("{\"path\":\"/\(String(repeating: "é/", count: 4_000))\"}").context.path)
        #expect(
            path.utf8.count <= 512 && path.utf8.count > 508 && path.hasPrefix("/é/é/") && !path.contains("\u{FFFD}"))
    }

    /// Whatever the parameter is called and however the address is written, its value is not in the path.
    @Test(arguments: ["token", "email", "password", "access_token", "code", "session", "utm_source", "q"])
    func noSecretOfAQueryIsInThePath(name: String) throws {
        for address in [
            "https://a.example/p?\(name)=hunter2", "/p?x=1&\(name)=hunter2", "https://a.example/p#\(name)=hunter2",
        ] {
            for key in ["url", "path"] {
                let event = try enriched("{\"\(key)\":\"\(address)\"}")
                #expect(event.context.path == "/p")
            }
        }
    }

    private static let campaigns: [(String, [String?])] = [
        (
            #"{"url":"https://a.example/?utm_source=news&utm_medium=email&utm_campaign=may+sale&utm_term=a%20b&utm_content=%C3%BC"}"#,
            ["news", "email", "may sale", "a b", "ü"]
        ),
        (#"{"url":"/x?UTM_Source=one&utm_source=two"}"#, ["one", nil, nil, nil, nil]),
        (#"{"url":"https://a.example/?utm_source=&utm_medium=%&utm_term=%zz"}"#, [nil, "%", nil, "%zz", nil]),
        (#"{"url":"https://a.example/?utm_content=joe%40example.com"}"#, [nil, nil, nil, nil, "[email]"]),
        (#"{"url":"https://a.example/#utm_source=no"}"#, [nil, nil, nil, nil, nil]),
        (#"{"referrer":"https://a.example/?utm_source=pixel"}"#, ["pixel", nil, nil, nil, nil]),
        (
            #"{"url":"https://a.example/","referrer":"https://b.example/?utm_source=theirs"}"#,
            [nil, nil, nil, nil, nil]
        ),
        (#"{"url":"https://a.example/?utm_source=a%00b%FF"}"#, ["ab", nil, nil, nil, nil]),
    ]

    @Test(arguments: campaigns)
    func theCampaign(metadata: String, expected: [String?]) throws {
        let utm = try enriched(metadata).context.utm
        #expect([utm.source, utm.medium, utm.campaign, utm.term, utm.content] == expected)
    }

    private static let referrers: [(String, String)] = [
        ("https://www.google.com/", "google.com search"),
        ("https://www.google.co.uk/search?q=x", "google.co.uk search"),
        ("https://google.evil.example/", "google.evil.example other"),
        ("https://notgoogle.com/", "notgoogle.com other"), ("https://google.com.evil/", "google.com.evil other"),
        ("https://google.example/", "google.example other"),
        ("https://images.google.de/", "images.google.de search"),
        ("https://mail.google.com/mail/", "mail.google.com email"),
        ("https://docs.google.com/", "docs.google.com other"),
        ("https://gemini.google.com/app", "gemini.google.com ai"),
        ("https://duckduckgo.com/", "duckduckgo.com search"), ("https://search.yahoo.com/", "search.yahoo.com search"),
        ("https://yandex.com.tr/", "yandex.com.tr search"), ("https://www.bing.com/", "bing.com search"),
        ("https://L.Facebook.com/l.php", "l.facebook.com social"), ("https://t.co/x", "t.co social"),
        ("https://old.reddit.com/r/swift", "old.reddit.com social"), ("https://chatgpt.com/", "chatgpt.com ai"),
        ("https://www.perplexity.ai/search", "perplexity.ai ai"),
        ("https://www.youtube.com/watch", "youtube.com video"),
        ("android-app://com.google.android.gm/", "com.google.android.gm email"),
        ("android-app://org.example.app", "org.example.app app"), ("https://blog.example:8080/x", "blog.example other"),
        ("https://user@blog.example/", "blog.example other"), ("https://www.shop.example/a", "shop.example internal"),
        ("https://SHOP.example/", "shop.example internal"), ("https://sub.shop.example/", "sub.shop.example other"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1] other"),
    ]

    @Test(arguments: referrers)
    func theReferrer(text: String, expected: String) throws {
        let context = try enriched("{\"url\":\"https://shop.example/\",\"referrer\":\"\(text)\"}").context
        #expect("\(context.referrer?.host ?? "-") \(context.referrer?.kind ?? "-")" == expected)
        #expect(context.failures == [])
    }

    @Test func noReferrerIsADirectVisitOfAPageOnly() throws {
        let direct = EventContext.Referrer(host: nil, kind: "direct")
        #expect(try enriched(#"{"url":"https://a.example/"}"#).context.referrer == direct)
        #expect(try enriched(#"{"path":"/","referrer":""}"#).context.referrer == direct)
        #expect(try enriched(#"{"plan":"pro"}"#).context.referrer == nil)
        #expect(try enriched(nil).context.referrer == nil)
    }
}
