internal import NIOSSL

/// A certificate chain and its private key, read from PEM files.
public struct TLSFiles: Sendable {
    let context: NIOSSLContext

    /// Reads the files and checks that they belong together.
    /// - Throws: `TLSFilesError`, which names the file at fault.
    public init(certificate: String, key: String) throws(TLSFilesError) {
        let chain = try Self.read(certificate, "a certificate chain in PEM") {
            try NIOSSLCertificate.fromPEMFile($0)
        }
        guard !chain.isEmpty else { throw TLSFilesError(path: certificate, expected: "a certificate chain in PEM") }
        let privateKey = try Self.read(key, "a private key in PEM, without a passphrase") {
            try NIOSSLPrivateKey(file: $0, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        context = try Self.read(key, "the private key of \(certificate)") { _ in
            try NIOSSLContext(configuration: configuration)
        }
    }

    private static func read<Value>(
        _ path: String, _ expected: String, _ body: (String) throws -> Value
    ) throws(TLSFilesError) -> Value {
        do { return try body(path) } catch { throw TLSFilesError(path: path, expected: expected) }
    }
}

/// A file that is not what it should be.
public struct TLSFilesError: Error, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What it should hold.
    public let expected: String

    /// For people.
    public var description: String { "\(path) cannot be used: it must be readable and hold \(expected)" }
}
