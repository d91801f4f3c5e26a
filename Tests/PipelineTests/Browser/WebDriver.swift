import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// A headless Chromium, driven over the WebDriver protocol (W3C) as its driver speaks it.
final class WebDriver {
    /// What the browser has said of a page: console, refused resources, uncaught errors.
    struct LogEntry: Decodable {
        var level: String
        var message: String
        var source: String?
    }

    private let driver: ChildProcess
    private let base: String
    private var session = ""

    /// Whether browser and driver are there (`scripts/setup.sh test` installs them).
    static let isInstalled = ["/usr/bin/chromium", "/usr/bin/chromedriver"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Runs a test with a browser, which is ended also when the test throws.
    static func with(_ body: (WebDriver) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let browser = try WebDriver(directory.path)
            do {
                try await browser.open(downloadsIn: directory.path)
                try await body(browser)
            } catch {
                await browser.close()
                throw error
            }
            await browser.close()
        }
    }

    private init(_ directory: String) throws {
        let port = try freePort()
        base = "http://127.0.0.1:\(port)"
        driver = try startBothStreams(
            "/usr/bin/chromedriver", ["--port=\(port)", "--silent"],
            // Its sockets lie in TMPDIR, and their paths are limited to 107 bytes.
            environment: ["PATH": "/usr/bin:/bin", "HOME": directory, "TMPDIR": "/tmp"])
    }

    private func open(downloadsIn directory: String) async throws {
        try await eventually(within: .seconds(60), "chromedriver answers") {
            try await get("\(base)/status").status == 200
        }
        let options: [String: Any] = [
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--window-size=1280,900", "--user-data-dir=\(directory)/profile",
            ],
            "prefs": ["download.default_directory": directory, "download.prompt_for_download": false],
        ]
        let wanted: [String: Any] = ["goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
        let answer = try await command("POST", "/session", ["capabilities": ["alwaysMatch": wanted]], within: 120)
        guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
            throw PipelineFailure("no session: \(answer)")
        }
        session = id
        try await devTools("Browser.setDownloadBehavior", ["behavior": "allow", "downloadPath": directory])
        downloads = directory
    }

    /// Where files go that a page gives to its user.
    private(set) var downloads = ""

    private func close() async {
        if !session.isEmpty { _ = try? await command("DELETE", "/session/\(session)", nil, within: 20) }
        driver.stop()
    }

    // MARK: what a test does

    /// Goes to an address.
    func visit(_ url: String) async throws { _ = try await inSession("/url", ["url": url]) }

    /// What a script returns.
    @discardableResult
    func script(_ body: String, _ arguments: [Any] = []) async throws -> Any {
        try await inSession("/execute/sync", ["script": body, "args": arguments])
    }

    /// The text of an expression; empty where it has none.
    func text(_ expression: String) async throws -> String {
        try await script("return String((\(expression)) ?? '')") as? String ?? ""
    }

    /// Waits until an expression is true.
    func wait(_ what: String, within limit: Duration = .seconds(120), until expression: String) async throws {
        try await eventually(within: limit, what) { try await script("return Boolean(\(expression))") as? Bool == true }
    }

    /// Clicks the first element of a selector as a user would: what is hidden or covered cannot be clicked.
    func click(_ selector: String) async throws {
        let found = try await inSession("/element", ["using": "css selector", "value": selector])
        guard let element = (found as? [String: Any])?.values.first as? String else {
            throw PipelineFailure("no \(selector)")
        }
        _ = try await inSession("/element/\(element)/click", [:])
    }

    /// The size of the page, in its own pixels, and whether the system's theme is dark.
    func show(width: Int, height: Int, isPhone: Bool = false, isDark: Bool = false) async throws {
        try await devTools(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": isPhone ? 2 : 1, "mobile": isPhone])
        try await devTools(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    }

    /// Takes a picture of the whole page.
    func screenshot(_ path: String) async throws {
        let metrics = try await devTools("Page.getLayoutMetrics", [:]) as? [String: Any]
        let size = metrics?["cssContentSize"] as? [String: Any] ?? [:]
        let clip: [String: Any] = [
            "x": 0, "y": 0, "width": size["width"] ?? 1280, "height": size["height"] ?? 900, "scale": 1,
        ]
        let picture = try await devTools(
            "Page.captureScreenshot", ["format": "png", "captureBeyondViewport": true, "clip": clip])
        let data = ((picture as? [String: Any])?["data"] as? String).flatMap { Data(base64Encoded: $0) }
        try data?.write(to: URL(filePath: path))
    }

    /// What was said since the last call.
    func log() async throws -> [LogEntry] {
        let entries = try await inSession("/se/log", ["type": "browser"])
        return try JSONDecoder().decode([LogEntry].self, from: JSONSerialization.data(withJSONObject: entries))
    }

    /// A command of Chromium's own protocol.
    @discardableResult
    func devTools(_ name: String, _ parameters: [String: Any]) async throws -> Any {
        try await inSession("/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    // MARK: the protocol

    private func inSession(_ path: String, _ body: [String: Any]) async throws -> Any {
        try await command("POST", "/session/\(session)\(path)", body, within: 120)
    }

    private func command(
        _ method: String, _ path: String, _ body: [String: Any]?, within seconds: Int64
    ) async throws -> Any {
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Content-Type", value: "application/json")
        if let body { request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body))) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        guard response.status == .ok else {
            throw PipelineFailure("\(path): \(String(decoding: data.prefix(400), as: UTF8.self))")
        }
        return answer?["value"] ?? NSNull()
    }
}
