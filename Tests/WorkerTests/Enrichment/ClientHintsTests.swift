import Stores
import Testing

@testable import Worker

/// Hints count for more than the text, which is frozen.
struct ClientHintsTests {
    private static let frozen =
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"

    @Test func brandsNameTheBrowser() throws {
        let context = try enriched(headers: [
            (.userAgent, Self.frozen),
            (.clientHintBrands, #""Chromium";v="131", "Brave";v="130.2", "Not_A Brand;v=\"8";v="24""#),
            (.clientHintPlatform, #""Android""#), (.clientHintMobile, "?1"),
        ]).context
        #expect(context.browser == EventContext.Product(name: "Brave", version: "130"))
        #expect(context.os == EventContext.Product(name: "Android", version: "10"))
        #expect(context.device == "mobile")
    }

    @Test func thePlatformCountsForMore() throws {
        let context = try enriched(headers: [
            (.userAgent, Self.frozen), (.clientHintPlatform, #""Windows""#), (.clientHintMobile, "?0"),
        ]).context
        #expect(context.os == EventContext.Product(name: "Windows"))
        #expect(context.device == "desktop")
        #expect(context.browser?.name == "Chrome")
    }

    @Test func aHeadlessBrandIsARobot() throws {
        let context = try enriched(headers: [
            (.userAgent, Self.frozen), (.clientHintBrands, #""HeadlessChrome";v="131""#),
        ]).context
        #expect(context.bot == "HeadlessChrome" && context.browser == nil)
    }

    @Test(arguments: [
        "", "\"", "\"a\"", "\"a\";v=\"1", "\"\\", "nonsense", ";;;,,,", "\"Not A\";v=\"99\"",
        String(repeating: "\"", count: 9_999),
    ])
    func whatIsNotUnderstoodIsLeftOut(brands: String) throws {
        let context = try enriched(headers: [
            (.userAgent, Self.frozen), (.clientHintBrands, brands), (.clientHintPlatform, brands),
            (.clientHintMobile, brands),
        ]).context
        #expect(context.browser == EventContext.Product(name: "Chrome", version: "131"))
        #expect(context.os?.name == "Android" && context.failures.isEmpty)
    }
}
