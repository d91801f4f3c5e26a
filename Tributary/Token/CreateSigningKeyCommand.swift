import ArgumentParser
import DashboardAPI
import Foundation

/// `tributary token create-key`
struct CreateSigningKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-key", abstract: "Make a key pair; neither file may be there already.")

    @Option(help: "The file of the private key, which only its owner may read: who has it can let anybody in.")
    var privateKey: String

    @Option(help: "The file of the public key, a JWKS: what JWKS_FILE names.")
    var jwks: String

    func run() async throws {
        let key = SigningKey()
        try Self.create(privateKey, holding: key.pem + "\n", mode: 0o600)
        do { try Self.create(jwks, holding: key.jwks, mode: 0o644) } catch {
            unlink(privateKey)
            throw error
        }
        print(key.keyID)
        say("private key in \(privateKey), public key in \(jwks)")
    }

    /// Writes a new file, durably or not at all.
    private static func create(_ path: String, holding text: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            // Whatever the umask: the dashboard may run as somebody else.
            guard fchmod(descriptor, mode) == 0 else { throw failure(path) }
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
        } catch {
            let fault = failure(path)
            unlink(path)
            throw fault
        }
    }

    private static func failure(_ path: String) -> ExitCode {
        let hint = errno == EEXIST ? "is there already; nothing is overwritten" : String(cString: strerror(errno))
        say("tributary token: \(path): \(hint)")
        return .failure
    }
}
