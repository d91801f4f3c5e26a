import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Operations

/// Where an issuer's keys are read.
public struct KeySource: Sendable {
    /// How it is called in messages; without credentials.
    let name: String
    let read: @Sendable () async throws -> Data

    init(name: String, read: @escaping @Sendable () async throws -> Data) { (self.name, self.read) = (name, read) }

    /// A file.
    public static func file(_ path: String) -> KeySource {
        KeySource(name: path) {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            return try handle.read(upToCount: KeySet.maximumSize + 1) ?? Data()
        }
    }

    /// An address, asked by GET; redirections are not followed.
    public static func url(_ url: String, timeout: Duration = .seconds(5)) -> KeySource {
        KeySource(name: masked(url)) {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
            let limit = TimeAmount(timeout)
            let response = try await client.execute(request, timeout: limit)
            guard response.status == .ok else { throw KeySetFault("the answer's status is \(response.status.code)") }
            return Data(try await response.body.collect(upTo: KeySet.maximumSize).readableBytesView)
        }
    }

    /// One for the process: it lives as long.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
