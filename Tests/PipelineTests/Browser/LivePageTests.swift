import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// The live view in a real browser.
    @Suite(.enabled(if: WebDriver.isInstalled, "chromium and chromedriver are not there"))
    struct LivePageTests {
        @Test("live moves, pause stops it, what is shown can be saved, it comes back, and memory stays flat")
        func live() async throws {
            try await Serve.withServe { serve in
                try await WebDriver.with { browser in
                    let view = LiveViewUnderTest(browser, serve)
                    try await view.moves()
                    try await view.pauses()
                    try await view.isSaved()
                    try await view.resumes()
                    try await view.takesPictures()
                    try await view.expectNoComplaints()
                    try await view.comesBack()
                    try await view.staysFlat()
                }
            }
        }

        @Test("separate processes: two workers' summaries come through the log, and their visitors add up")
        func distributed() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 2)
                try await WebDriver.with { browser in
                    try await browser.visit("\(roles.dashboard.url)/?view=live")
                    try await browser.wait("it is connected", until: "document.querySelector('.live-state.open')")
                    let users = (0..<40).map { #"{"userId":"user\#($0)","eventType":"page_view"}"# }
                    let sent = try await post("\(roles.collector.url)/v1/events", "[\(users.joined(separator: ","))]")
                    #expect(sent.status == 202)
                    try await browser.wait(
                        "all visitors are counted, of whatever partition",
                        until: "document.querySelector('[data-tile=Visitors] .tile-value').textContent === '40'")
                }
            }
        }
    }
}

/// What is expected of the live view, step by step.
private struct LiveViewUnderTest {
    let browser: WebDriver
    let serve: Serve

    init(_ browser: WebDriver, _ serve: Serve) { (self.browser, self.serve) = (browser, serve) }

    private static let visitors = "document.querySelector('[data-tile=Visitors] .tile-value').textContent"
    private static let ofAll = "document.querySelector('.pill b')?.textContent"

    private func send(_ users: [String], _ type: String = "page_view") async throws {
        let events = users.map { #"{"userId":"\#($0)","eventType":"\#(type)"}"# }.joined(separator: ",")
        #expect(try await post("\(serve.collectorURL)/v1/events", "[\(events)]").status == 202)
    }

    func moves() async throws {
        try await browser.visit("\(serve.dashboard.url)/?view=live")
        try await browser.wait("it is connected", until: "document.querySelector('.live-state.open')")
        try await send(["ada", "bob", "cyd", "ada"])
        try await browser.wait("three visitors are counted", until: "\(Self.visitors) === '3'")
        try await browser.wait(
            "their events are listed",
            until: "document.querySelector('.live .bars tbody')?.textContent.startsWith('page_view4')")
        try await browser.wait("there is a chart", until: "document.querySelector('.chart .line, .chart .dot')")
    }

    /// The page goes on to hear, and does not show it.
    func pauses() async throws {
        try await browser.click("#pause")
        try await send(["dan"], "signup")
        try await browser.wait("four are heard of", until: "\(Self.ofAll) === '4'")
        #expect(try await browser.text(Self.visitors) == "3")
        #expect(try await browser.text("document.querySelector('.live-state').textContent") == "Paused")
        let types = try await browser.text("document.querySelector('.live .bars').textContent")
        #expect(!types.contains("signup"))
    }

    func isSaved() async throws {
        try await browser.click("#csv")
        let file = "\(browser.downloads)/live.csv"
        try await eventually(within: .seconds(60), "the file is there") { FileManager.default.fileExists(atPath: file) }
        let rows = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows.first == ["time", "events_per_second", "peak", "visitors", "latency_ms"])
        let events = rows.dropFirst().reduce(0) { $0 + (Int($1[1]) ?? 0) }
        #expect(events == 4, "what is shown, and not what came since")
        #expect(rows.last?[3] == "3")
    }

    func resumes() async throws {
        try await browser.click("#pause")
        try await browser.wait("the fourth is shown", until: "\(Self.visitors) === '4'")
        try await browser.click(".segments [aria-pressed=false]")
        try await browser.wait(
            "the long window has them too",
            until: "document.querySelector('.live .bars tbody').textContent.includes('signup1')")
    }

    func takesPictures() async throws {
        try await browser.screenshot("\(screenshots)/live.png")
        try await browser.show(width: 390, height: 844, isPhone: true)
        let excess = try await browser.text("document.documentElement.scrollWidth - window.innerWidth")
        #expect(Int(excess).map { $0 <= 0 } == true, "scrolls sideways by \(excess)")
        try await browser.screenshot("\(screenshots)/live-phone.png")
        try await browser.show(width: 1280, height: 900)
    }

    func expectNoComplaints() async throws {
        let severe = try await browser.log().filter { ["SEVERE", "WARNING"].contains($0.level) }
        #expect(severe.isEmpty, "\(severe)")
    }

    func comesBack() async throws {
        try await serve.killAndRestart()
        try await browser.wait("it is connected again", until: "document.querySelector('.live-state.open')")
        try await send(["eve"])
        try await browser.wait("and moves", until: "\(Self.ofAll) === '1'")
    }

    /// An hour of seconds, as fast as the page takes them, of which it shows every sixth.
    func staysFlat() async throws {
        let seconds = """
            const feed = window.tributary.live, start = feed.newest + 1;
            for (let second = 0; second < 60; second++) {
              const events = { page_view: 1 + second % 50, ["type" + second % 40]: 1 };
              const said = { at: (start + second) * 1000, exact: true, latency: 50,
                             sources: { web: { events, visitors: second % 90, latency: 50 } } };
              if (second % 6) feed.keep(said); else feed.take({ seconds: [said] });
            }
            """
        for _ in 0..<30 { try await browser.script(seconds) }
        let before = try await usage()
        for _ in 0..<60 { try await browser.script(seconds) }
        let after = try await usage()
        print("heap and nodes of the live view, before an hour and after: \(before), \(after)")
        #expect(after.bytes - before.bytes < 1_000_000)
        #expect(after.nodes - before.nodes < 300)
    }

    private func usage() async throws -> (bytes: Int, nodes: Int) {
        try await browser.devTools("HeapProfiler.collectGarbage", [:])
        let heap = try await browser.devTools("Runtime.getHeapUsage", [:]) as? [String: Any]
        let counters = try await browser.devTools("Memory.getDOMCounters", [:]) as? [String: Any]
        let (bytes, nodes) = (heap?["usedSize"] as? NSNumber, counters?["nodes"] as? NSNumber)
        return (try #require(bytes).intValue, try #require(nodes).intValue)
    }
}
