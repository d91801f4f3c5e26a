internal import CMaxMindDB

/// Why a database cannot be used.
public struct GeoIPError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// For people.
    public let reason: String

    public var description: String { "'\(path)' cannot be used as a country database: \(reason)" }
}

/// A file in MaxMind's format that tells the country of an address.
///
/// The file is mapped into memory. To renew it, put another in its place (`mv`) and start again; written over in place, it
/// would change under the reader.
public final class CountryDatabase: @unchecked Sendable {  // libmaxminddb only reads after it has opened a file
    private let database: UnsafeMutablePointer<MMDB_s>
    private let path: String

    /// Opens a file and checks that its tree can be searched.
    public init(path: String) throws(GeoIPError) {
        let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
        let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
        guard status == MMDB_SUCCESS else {
            database.deallocate()
            throw GeoIPError(path: path, reason: Self.text(status))
        }
        self.database = database
        self.path = path
        for probe in ["192.0.2.1", "2001:db8::1"] { _ = try country(of: probe) }
    }

    deinit {
        MMDB_close(database)
        database.deallocate()
    }

    /// The country of an IP address, ISO 3166-1 alpha-2; `nil` where the database does not tell, and for any other text.
    /// - Throws: where the file is damaged.
    public func country(of address: String) throws(GeoIPError) -> String? {
        var letters: (CChar, CChar) = (0, 0)
        let status = withUnsafeMutableBytes(of: &letters) { letters in
            tributary_mmdb_country(database, address, letters.bindMemory(to: CChar.self).baseAddress)
        }
        guard status >= 0 else { throw GeoIPError(path: path, reason: Self.text(-status)) }
        guard status == 2 else { return nil }
        return String(decoding: [UInt8(bitPattern: letters.0), UInt8(bitPattern: letters.1)], as: UTF8.self)
            .uppercased()
    }

    private static func text(_ status: Int32) -> String { String(cString: MMDB_strerror(status)) }
}
