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

        init(_ name: String, _ bytes: [UInt8]) {
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
    private static let all: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [:]
        guard var next = page_files() else { return files }
        while let name = next.pointee.name {
            files[String(cString: name)] = Array(
                UnsafeBufferPointer(start: next.pointee.bytes, count: next.pointee.size))
            next += 1
        }
        return files
    }()

    private let embedded: [String: File]
    private let isLive: Bool
    /// Where they are read anew for every request, for who works on the page; `nil`: those within the binary.
    private let directory: String?

    init(isLive: Bool, directory: String?) {
        (self.isLive, self.directory) = (isLive, directory)
        embedded = Self.all.reduce(into: [:]) { files, file in
            files[file.key] = File(file.key, Self.told(file.value, isLive))
        }
    }

    /// A file of the page; `nil` where it has none of that name.
    func file(_ name: String) -> File? {
        guard let file = embedded[name], let directory else { return embedded[name] }
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else { return file }
        return File(name, Self.told(Array(data), isLive))
    }

    /// The page asks for nothing that is not there: it is told whether there is a live view.
    private static func told(_ bytes: [UInt8], _ isLive: Bool) -> [UInt8] {
        guard isLive else { return bytes }
        let (said, meant) = (Array(#"name="live" content="no""#.utf8), Array(#"name="live" content="yes""#.utf8))
        guard let place = bytes.firstRange(of: said) else { return bytes }
        return bytes[..<place.lowerBound] + meant + bytes[place.upperBound...]
    }
}
