import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Operations
import TestSupport
import Testing

@testable import DashboardAPI

/// The page's files as a browser gets them.
struct PageRouteTests {
    private func get(
        _ path: String, _ method: HTTPRequest.Method = .get, headers: HTTPFields = [:], isLive: Bool = true,
        directory: String? = nil
    ) async throws -> TestResponse {
        let router = Router()
        router.add(middleware: ProblemMiddleware())
        addPage(to: router, isLive: isLive, directory: directory)
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: path, method: method, headers: headers)
        }
    }

    private func text(_ response: TestResponse) -> String { String(buffer: response.body) }

    private static let source = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../DashboardAPI/Page").standardized

    @Test func everyFileOfTheFolderIsInTheBinary() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.source.path)
        #expect(names.count > 10)
        for name in names where name != "index.html" {
            let response = try await get("/page/\(name)")
            #expect(response.status == .ok, "\(name) is missing in DashboardAPI/CPage/page.c")
            #expect(Data(response.body.readableBytesView) == (try Data(contentsOf: Self.source.appending(path: name))))
            #expect(response.headers[.contentType]?.contains("octet") == false, "\(name)")
        }
    }

    @Test func thePageLoadsOnlyWhatIsThere() async throws {
        for address in text(try await get("/")).matches(of: #/(?:src|href)="(/page/[^"]+)"/#) {
            #expect(try await get(String(address.1)).status == .ok)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.source.path) where name.hasSuffix(".js") {
            let script = text(try await get("/page/\(name)"))
            for imported in script.matches(of: #/from "\.\/([^"]+)"/#) {
                #expect(try await get("/page/\(imported.1)").status == .ok, "\(name) imports \(imported.1)")
            }
            #expect(!script.contains("innerHTML"), "\(name)")
        }
    }

    @Test(arguments: ["/", "/page/main.js", "/page/style.css"])
    func nothingOfElsewhereIsAllowed(path: String) async throws {
        let response = try await get(path)
        let policy = try #require(response.headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("http"))
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        #expect(try await get("/page/icon.svg", headers: [.ifNoneMatch: "x"]).status == .ok)
    }

    @Test func anUnchangedFileIsNotSentAgain() async throws {
        let first = try await get("/page/main.js")
        let tag = try #require(first.headers[.eTag])
        let again = try await get("/page/main.js", headers: [.ifNoneMatch: tag])
        #expect(again.status == .notModified && again.body.readableBytes == 0)
        #expect(again.headers[.contentSecurityPolicy] != nil)
        #expect(try await get("/page/style.css", headers: [.ifNoneMatch: tag]).status == .ok)
    }

    @Test func aHeadHasNoBody() async throws {
        let response = try await get("/", .head)
        #expect(response.status == .ok && response.body.readableBytes == 0)
        #expect(response.headers[.contentLength] == (try await get("/")).headers[.contentLength])
    }

    @Test func itIsToldWhetherThereIsALiveView() async throws {
        #expect(text(try await get("/", isLive: true)).contains(#"<meta name="live" content="yes">"#))
        #expect(text(try await get("/", isLive: false)).contains(#"<meta name="live" content="no">"#))
    }

    @Test(arguments: ["/page/", "/page/nothing.js", "/page/..%2Findex.html", "/page/..%2F..%2FREADME.md"])
    func thereIsNothingElse(path: String) async throws {
        #expect(try await get(path).status == .notFound)
        #expect(try await get(path, directory: Self.source.path).status == .notFound)
    }

    @Test func aDirectoryIsReadAnewAndOnlyForFilesOfThePage() async throws {
        try await TemporaryDirectory.with { directory in
            let file = URL(filePath: directory.path).appending(path: "main.js")
            for content in ["one", "two"] {
                try Data(content.utf8).write(to: file)
                #expect(text(try await get("/page/main.js", directory: directory.path)) == content)
            }
            try Data("secret".utf8).write(to: URL(filePath: directory.path).appending(path: "secret.txt"))
            #expect(try await get("/page/secret.txt", directory: directory.path).status == .notFound)
        }
    }
}
