internal import CPage
import Crypto
import Foundation
import NIOCore

/// What the page is made of: the files of `DashboardAPI/Page`, by their names.
struct PageFiles: Sendable {
    /// A file as it is sent.
    struct File: Sendable {
        var body: ByteBuffer
        var type: String
        /// A strong entity tag: of the content alone.
        var tag: String

        init(_ name: String, _ bytes: some Sequence<UInt8>) {
            body = ByteBuffer(bytes: bytes)
            type = Self.types[name.split(separator: ".").last.map(String.init) ?? ""] ?? "application/octet-stream"
            let digest = SHA256.hash(data: Data(body.readableBytesView)).prefix(16)
            tag = "\"\(digest.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined())\""
        }

        private static let types = [
            "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
            "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        ]
    }

    /// Those within the binary.
    static let embedded: [String: File] = {
        var files: [String: File] = [:]
        guard var next = page_files() else { return files }
        while let name = next.pointee.name {
            let file = String(cString: name)
            files[file] = File(file, UnsafeBufferPointer(start: next.pointee.bytes, count: next.pointee.size))
            next += 1
        }
        return files
    }()

    /// Where they are read anew for every request, for who works on the page; `nil`: those within the binary.
    let directory: String?

    /// A file of the page; `nil` where it has none of that name.
    func file(_ name: String) -> File? {
        guard let file = Self.embedded[name] else { return nil }
        guard let directory else { return file }
        return FileManager.default.contents(atPath: "\(directory)/\(name)").map { File(name, $0) }
    }
}
