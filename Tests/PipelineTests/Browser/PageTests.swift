import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// The dashboard's page in a real browser, over the numbers of the real access log.
    @Suite(
        .enabled(if: WebDriver.isInstalled, "chromium and chromedriver are not there"),
        .enabled(if: accessLog != nil, "../shared/data/apache_logs is not there"))
    struct PageTests {
        @Test("the page shows the log's true numbers by itself; filters, dates, a table and pictures of it all")
        func overview() async throws {
            try await withLog { serve in
                let recount = try await Recount.of(accessLog!)
                try await serve.dashboard.expectNumbers(recount)
                try await WebDriver.with { browser in
                    let page = PageUnderTest(browser, serve.dashboard.url)
                    try await page.findsItsData(recount)
                    try await page.tellsEachDay(recount)
                    try await page.filters()
                    try await page.isUsableByKeyboard()
                    try await page.takesPictures()
                    try await page.expectNoComplaints()
                }
            }
        }

        /// Serves the access log, imported with a key that may say what browsers its visitors had.
        private func withLog(_ body: (Serve) async throws -> Void) async throws {
            try await TemporaryDirectory.with { directory in
                let keys = "\(directory.path)/keys.json"
                let created = try await runToEnd(
                    productPath("tributary"), ["keys", "create", "--file", keys, "--source", "default", "--server"],
                    environment: ["PATH": "/usr/bin:/bin"])
                let key = try #require(created.output.split(separator: "\n").first { $0.hasPrefix("trb_") })
                try await Serve.withServe(["KEYS_FILE": keys, "COLLECTOR_HOST": "127.0.0.1"]) { serve in
                    let running = try startBothStreams(
                        productPath("tributary"),
                        ["import", accessLog!, "--collector", serve.collectorURL, "--write-key", String(key)],
                        environment: ["PATH": "/usr/bin:/bin"])
                    try await Serve.finish(running)
                    try await body(serve)
                }
            }
        }
    }
}

/// What is expected of the page, step by step.
struct PageUnderTest {
    let browser: WebDriver
    let url: String

    init(_ browser: WebDriver, _ url: String) { (self.browser, self.url) = (browser, url) }

    private static let visitors = "document.querySelector('[data-tile=visitors] .tile-value')?.title"

    private func grouped(_ number: Int64) -> String {
        String(String(number).reversed().enumerated().flatMap { $0 > 0 && $0 % 3 == 0 ? [",", $1] : [$1] }.reversed())
    }

    /// The days shown by default are empty: it goes to those that are not.
    func findsItsData(_ recount: Recount) async throws {
        try await browser.visit(url)
        try await browser.wait(
            "the newest days with data are found", until: "location.search.includes('to=2015-05-20')")
        try await browser.wait(
            "all visitors are told", until: "\(Self.visitors) === '\(grouped(recount.total[1]))'")
        let events = try await browser.text("document.querySelector('[data-tile=events] .tile-value').title")
        #expect(events == grouped(recount.total[0]))
    }

    /// The table behind the chart has the numbers of a recount.
    func tellsEachDay(_ recount: Recount) async throws {
        try await browser.visit("\(url)/?from=2015-05-17&to=2015-05-20")
        try await browser.wait("the chart is there", until: "document.querySelector('.chart .line')")
        try await browser.click("[aria-label='Show as a table']")
        try await browser.wait("the table is there", until: "document.querySelectorAll('.data tbody tr').length === 4")
        let cells = try await browser.text(
            "[...document.querySelectorAll('.data tbody tr td:nth-of-type(1)')].map((cell) => cell.textContent).join()")
        let days = recount.days.sorted { $0.key < $1.key }.map { grouped($0.value[1]) }
        #expect(cells == days.joined(separator: ","))
        #expect(days == ["365", "660", "586", "532"])
        try await browser.click("[aria-label='Show as a table']")
    }

    /// A click on a browser narrows everything to its visitors, as the API says; a second one takes that back.
    func filters() async throws {
        let value = "[data-panel=device] .bars tbody tr"
        try await browser.click("[data-panel=device] .tab:nth-of-type(2)")
        try await browser.wait("browsers are listed", until: "document.querySelector('\(value)[data-value=Firefox]')")
        let all = try await browser.text(Self.visitors)
        try await browser.click("\(value)[data-value=Firefox] button")
        try await browser.wait("the address has it", until: "location.search.includes('filter=browser:Firefox')")
        let answer = try await get(
            "\(url)/api/analytics/visitors?from=2015-05-17&to=2015-05-20&filter=browser:Firefox")
        let expected = try JSONDecoder().decode(FilteredVisitors.self, from: Data(answer.body.utf8)).visitors
        try await browser.wait("the number follows", until: "\(Self.visitors) === '\(grouped(expected))'")
        #expect(grouped(expected) != all && expected > 0)
        try await browser.script("history.back()")
        try await browser.wait("Back takes it back", until: "\(Self.visitors) === '\(all)'")
        #expect(try await browser.text("document.querySelectorAll('.chip:not([hidden])').length") == "0")
    }

    /// The chart is read by arrow keys, and says what it shows.
    func isUsableByKeyboard() async throws {
        try await browser.script("document.querySelector('.chart').focus()")
        try await browser.devTools(
            "Input.dispatchKeyEvent", ["type": "keyDown", "key": "ArrowRight", "code": "ArrowRight"])
        try await browser.wait(
            "the first day is said",
            until: "document.getElementById('status').textContent.startsWith('Sun, 17 May 2015: 365')")
        let unnamed = try await browser.text(
            """
            [...document.querySelectorAll('button, a, select, input')].filter((one) =>
                one.offsetParent && !(one.textContent.trim() || one.getAttribute('aria-label'))).length
            """)
        #expect(unnamed == "0", "every control has a name")
    }

    /// Desktop, dark and phone, kept for people to look at. Nothing is wider than the screen.
    func takesPictures() async throws {
        for (name, width, height, isPhone, isDark) in [
            ("desktop", 1280, 900, false, false), ("dark", 1280, 900, false, true), ("phone", 390, 844, true, false),
        ] {
            try await browser.show(width: width, height: height, isPhone: isPhone, isDark: isDark)
            try await browser.visit("\(url)/?from=2015-05-17&to=2015-05-20")
            try await browser.wait(
                "everything is loaded",
                until: "document.querySelector('.chart .line') && !document.querySelector('.skeleton, [aria-busy]')")
            let excess = try await browser.text("document.documentElement.scrollWidth - window.innerWidth")
            #expect(Int(excess).map { $0 <= 0 } == true, "\(name) scrolls sideways by \(excess)")
            try await browser.screenshot("\(screenshots)/\(name).png")
        }
        try await browser.show(width: 1280, height: 900)
    }

    /// No error in the console, nothing that the content security policy had to refuse.
    func expectNoComplaints() async throws {
        let severe = try await browser.log().filter { ["SEVERE", "WARNING"].contains($0.level) }
        #expect(severe.isEmpty, "\(severe)")
    }
}

private struct FilteredVisitors: Decodable { var visitors: Int64 }

/// Where pictures of the page are kept.
let screenshots: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    let path = root.appending(path: ".local/screenshots").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}()
