import Operations
import Testing

@Suite struct BearerTokenTests {
    @Test(
        "The scheme is of any case, the token is what follows its spaces",
        arguments: [
            ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER  abc", "abc"), ("Bearer a b", "a b"),
            ("Bearer ä", "ä"),
        ])
    func reads(header: String, token: String) {
        #expect(bearerToken(header) == token)
    }

    @Test(
        "Anything else is no token",
        arguments: ["", "Bear", "Bearer", "Bearer ", "Bearer   ", "Bearerabc", "Basic abc", "abc", " Bearer abc"])
    func refuses(header: String) {
        #expect(bearerToken(header) == nil)
    }
}
