import Compression
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Collector
@testable import StoreModels

/// A collector over a log in memory, asked without a network.
struct Client {
    var log = EventLogModel()
    var keys: [String: String] = [:]
    var limits = CollectorLimits()
    var origins = AllowedOrigins()

    func send(
        _ method: String, _ path: String, _ headers: HTTPFields = [:], _ body: [UInt8] = []
    ) async throws -> TestResponse {
        let router = Router(context: CollectorContext.self)
        addCollectorRoutes(
            to: router, log: log, keys: WriteKeys(keys), durability: "kafka", limits: limits, origins: origins,
            now: { noon })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(
                uri: path, method: HTTPRequest.Method(method)!, headers: headers, body: ByteBuffer(bytes: body))
        }
    }
}

/// Compresses with the command-line tool of the coding's name.
func compressed(_ bytes: [UInt8], _ coding: ContentCoding) throws -> [UInt8] {
    let file = FileManager.default.temporaryDirectory.appending(path: "body-\(UUID())")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(bytes).write(to: file)
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [coding.rawValue, "-c", file.path]
    process.standardOutput = output
    try process.run()
    let result = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return Array(result)
}
