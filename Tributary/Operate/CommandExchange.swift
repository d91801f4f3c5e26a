import Foundation

/// A command on its way to the `serve` that has the directory.
struct CommandRequest: Codable {
    /// The words after `tributary`.
    var arguments: [String]
    /// Where relative paths are meant from.
    var directory: String
}

/// A line of what comes back.
enum CommandMessage: Codable {
    case output(String)
    case note(String)
    case progress(ProgressNote)
    /// The last one.
    case exit(Int32)
}

/// The socket by which a directory's `serve` takes commands: whoever may write to it may read the data anyway.
enum CommandSocket {
    /// A socket's address holds 107 bytes.
    private static let maximumLength = 107

    /// Lends a path to the socket of a directory that is short enough for an address.
    static func withPath<Value>(in directory: String, _ body: (String) async throws -> Value) async throws -> Value {
        let path = "\(directory)/commands.sock"
        guard path.utf8.count > maximumLength else { return try await body(path) }
        // By way of a descriptor of the directory, however long its own path is.
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
        defer { close(descriptor) }
        return try await body("/proc/self/fd/\(descriptor)/commands.sock")
    }
}
