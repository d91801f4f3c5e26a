import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Operations
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// TLS from files, with pairs made by `openssl`.
struct TLSTests {
    /// A self-signed certificate for `localhost` and its key.
    private static func pair(_ name: String, in directory: URL) throws -> (certificate: String, key: String) {
        let (certificate, key) = (directory.appending(path: "\(name).crt"), directory.appending(path: "\(name).key"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key.path,
            "-out", certificate.path,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return (certificate.path, key.path)
    }

    private func withDirectory(_ body: (URL) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory)
    }

    @Test func eventsComeInOverTLS() async throws {
        try await withDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let files = try TLSFiles(certificate: pair.certificate, key: pair.key)
            try await SocketServer.with(tls: files) { server in
                var configuration = HTTPClient.Configuration()
                configuration.tlsConfiguration = .makeClientConfiguration()
                configuration.tlsConfiguration?.trustRoots = .file(pair.certificate)
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
                var request = HTTPClientRequest(url: "https://localhost:\(server.port)/v1/events")
                request.method = .POST
                request.body = .bytes(ByteBuffer(string: eventText("u1")))
                let status = try? await client.execute(request, timeout: .seconds(20)).status
                try await client.shutdown()
                #expect(status == .accepted)
                #expect(server.users == ["u1"])
                let plain = try await server.exchange(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                #expect(plain.statuses.isEmpty && plain.isClosed)
            }
        }
    }

    @Test func filesThatAreNoPairAreNamed() async throws {
        try await withDirectory { directory in
            let (a, b) = (try Self.pair("a", in: directory), try Self.pair("b", in: directory))
            let empty = directory.appending(path: "empty").path
            try Data().write(to: URL(filePath: empty))
            for (certificate, key, culprit) in [
                (a.certificate, b.key, b.key), (a.key, a.key, a.key), (a.certificate, a.certificate, a.certificate),
                ("/nonexistent.crt", a.key, "/nonexistent.crt"),
                (a.certificate, "/nonexistent.key", "/nonexistent.key"),
                (empty, a.key, empty), (a.certificate, empty, empty),
            ] {
                let error = #expect(throws: TLSFilesError.self) { try TLSFiles(certificate: certificate, key: key) }
                #expect(error?.path == culprit)
                #expect(error.map { "\($0)".hasPrefix("\(culprit) cannot be used: ") } == true)
            }
        }
    }
}
