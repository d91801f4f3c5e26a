import Foundation

/// A directory of a test's own.
public struct TemporaryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Makes it.
    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "tributary-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Removes it with all that is in it.
    public func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Runs a test in a directory that is removed also when the test throws.
    public static func with(_ body: (TemporaryDirectory) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        do { try await body(directory) } catch {
            directory.remove()
            throw error
        }
        directory.remove()
    }
}
