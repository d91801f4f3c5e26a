import Foundation
import Testing

@testable import DashboardAPI

/// Signing in with a token, by cookie, and out again.
struct SessionTests {
    private let key: TestKey

    init() async throws { key = try await .ellipticCurve("k") }

    private func with(_ body: @Sendable (TestDashboard) async throws -> Void) async throws {
        try await TestDashboard.with(try jwks([key]), body)
    }

    private func json(_ token: String) -> String { #"{"token":"\#(token)"}"# }
    private let jsonType = ["Content-Type": "application/json"]

    @Test func aTokenBecomesACookie() async throws {
        let token = try key.token(claims: ["roles": ["admin", "analyst"], "sources": ["web", "blog"]])
        try await with { dashboard in
            let answer = try await dashboard.send(
                "POST", "/session", headers: jsonType.merging(["Origin": dashboard.url]) { $1 }, body: json(token))
            #expect(answer.status == 200)
            let cookie = try #require(answer.header("Set-Cookie"))
            #expect(
                cookie == "tributary_session=\(token); Path=/; Max-Age=3600; HttpOnly; SameSite=Strict",
                "not by TLS here")
            let pair = String(cookie.prefix { $0 != ";" })
            let day = "/api/analytics/visitors?date=2025-05-01&source=web"
            #expect(try await dashboard.send("GET", day, headers: ["Cookie": "a=b; \(pair); c=d"]).status == 200)
            // A header that is there decides.
            let both = try await dashboard.send("GET", day, bearer: "x", headers: ["Cookie": pair])
            #expect(both.status == 401 && both.code == "malformed_token")
            let shown = try await dashboard.send("GET", "/session", headers: ["Cookie": pair])
            #expect(shown.status == 200 && shown.text == answer.text)
            #expect(shown.header("Cache-Control") == "no-store")
            #expect(shown.members["subject"] as? String == "ann" && shown.members["open"] as? Bool == false)
            #expect(shown.members["roles"] as? [String] == ["admin", "analyst"])
            #expect(shown.members["sources"] as? [String] == ["blog", "web"])
            #expect(shown.members["expires"] as? String == "2027-01-15T09:00:00.000Z")
        }
    }

    @Test func aFormIsSentOnToThePage() async throws {
        let token = try key.token()
        try await with { dashboard in
            let answer = try await dashboard.send(
                "POST", "/session",
                headers: ["Content-Type": "application/x-www-form-urlencoded", "Origin": dashboard.url],
                body: "other=1&token=\(token)%0A")
            #expect(answer.status == 303 && answer.header("Location") == "/")
            #expect(answer.header("Set-Cookie")?.hasPrefix("tributary_session=\(token);") == true)
        }
    }

    @Test(arguments: [["Origin": "https://dash.example", "Host": "dash.example"], ["X-Forwarded-Proto": "https"]])
    func behindTLSTheCookieIsSecure(headers: [String: String]) async throws {
        let token = try key.token()
        try await with { dashboard in
            let answer = try await dashboard.send(
                "POST", "/session", headers: jsonType.merging(headers) { $1 }, body: json(token))
            #expect(answer.status == 200)
            #expect(answer.header("Set-Cookie")?.hasSuffix("; Secure") == true)
        }
    }

    @Test func aBadTokenIsNotTaken() async throws {
        let (bad, huge) = (
            try key.token(claims: ["exp": 1]), try key.token(claims: ["x": String(repeating: "x", count: 4000)])
        )
        try await with { dashboard in
            func post(_ body: String, type: String = "application/json") async throws -> TestAnswer {
                try await dashboard.send("POST", "/session", headers: ["Content-Type": type], body: body)
            }
            let answers = [
                (try await post(json(bad)), 401, "token_expired"), (try await post(json("x")), 401, "malformed_token"),
                (try await post("{}"), 400, "missing_token"), (try await post("["), 400, "missing_token"),
                (try await post(json(huge)), 400, "token_too_large"),
                (try await post("x=1", type: "application/x-www-form-urlencoded"), 400, "missing_token"),
                (try await post(json(bad), type: "text/plain"), 415, "unsupported_media_type"),
                (try await post(String(repeating: "x", count: 40_000)), 413, "content_too_large"),
            ]
            for (answer, status, code) in answers {
                #expect(answer.status == status && answer.code == code, "\(answer)")
                #expect(answer.header("Set-Cookie") == nil)
            }
        }
    }

    /// Another site's page must neither sign anybody in nor out.
    @Test func otherSitesChangeNothing() async throws {
        let token = try key.token()
        try await with { dashboard in
            let cookie = ["Cookie": "tributary_session=\(token)"]
            let foreign: [[String: String]] = [
                ["Origin": "https://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"],
                ["Sec-Fetch-Site": "same-site", "Origin": dashboard.url], ["Origin": "http://127.0.0.1:1"],
            ]
            for headers in foreign {
                let signIn = try await dashboard.send(
                    "POST", "/session", headers: jsonType.merging(headers) { $1 }, body: json(token))
                #expect(signIn.status == 403 && signIn.code == "other_origin", "\(headers)")
                let signOut = try await dashboard.send("DELETE", "/session", headers: cookie.merging(headers) { $1 })
                #expect(signOut.status == 403 && signOut.header("Set-Cookie") == nil)
            }
            #expect(try await dashboard.send("DELETE", "/session", headers: cookie).status == 403, "no proof")
            for headers in [["Origin": dashboard.url], ["Sec-Fetch-Site": "same-origin"]] {
                let out = try await dashboard.send("DELETE", "/session", headers: cookie.merging(headers) { $1 })
                #expect(out.status == 204)
                #expect(out.header("Set-Cookie")?.hasPrefix("tributary_session=; Path=/; Max-Age=0;") == true)
            }
            // A proxy that asks us under another name tells under which it was asked.
            let proxied = ["Origin": "https://dash.example", "X-Forwarded-Host": "dash.example"]
            #expect(
                try await dashboard.send("DELETE", "/session", headers: cookie.merging(proxied) { $1 }).status == 204)
        }
    }

    @Test func whoIsNotSignedInIsToldSo() async throws {
        try await with { dashboard in
            let answer = try await dashboard.send("GET", "/session")
            #expect(answer.status == 401 && answer.code == "missing_token")
        }
    }
}
