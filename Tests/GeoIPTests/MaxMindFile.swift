/// Writes small files in MaxMind's database format: a binary tree over the bits of addresses, a data section, and
/// metadata behind a marker.
struct MaxMindFile {
    /// What a branch of the tree leads to.
    private enum Branch { case nothing, node(Int), data(Int) }

    private var nodes: [[Branch]] = [[.nothing, .nothing]]
    private var data: [UInt8] = []
    private let version: UInt8

    /// An empty tree, of IPv6 (IPv4 lies below ::/96) or of IPv4 alone.
    init(ipVersion: UInt8 = 6) { version = ipVersion }

    /// Adds a network whose entry is this value.
    mutating func add(_ bytes: [UInt8], prefix: Int, _ value: [UInt8]) {
        let isMapped = bytes.count == 4 && version == 6
        let address = (isMapped ? [UInt8](repeating: 0, count: 12) : []) + bytes
        let bits = (0..<prefix + (isMapped ? 96 : 0)).map { Int(address[$0 / 8] >> (7 - $0 % 8) & 1) }
        var node = 0
        for bit in bits.dropLast() {
            if case .node(let next) = nodes[node][bit] {
                node = next
            } else {
                nodes.append([.nothing, .nothing])
                nodes[node][bit] = .node(nodes.count - 1)
                node = nodes.count - 1
            }
        }
        nodes[node][bits.last!] = .data(data.count)
        data += value
    }

    /// The file's bytes, with records of 24 bits.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        for branch in nodes.joined() {
            let record =
                switch branch {
                case .nothing: nodes.count
                case .node(let index): index
                case .data(let offset): nodes.count + 16 + offset
                }
            out += [UInt8(record >> 16 & 0xFF), UInt8(record >> 8 & 0xFF), UInt8(record & 0xFF)]
        }
        out += [UInt8](repeating: 0, count: 16) + data
        out += [0xAB, 0xCD, 0xEF] + Array("MaxMind.com".utf8)
        return out
            + Self.map([
                ("binary_format_major_version", Self.uint16(2)), ("binary_format_minor_version", Self.uint16(0)),
                ("build_epoch", [0x04, 0x02, 0x65, 0, 0, 0]), ("database_type", Self.text("Test-Country")),
                ("description", Self.map([("en", Self.text("for tests"))])),
                ("ip_version", Self.uint16(UInt16(version))),
                ("languages", [0x01, 0x04] + Self.text("en")),
                ("node_count", [0xC4] + (0..<4).map { UInt8(nodes.count >> (24 - 8 * $0) & 0xFF) }),
                ("record_size", Self.uint16(24)),
            ])
    }

    static func text(_ text: String) -> [UInt8] { [0x40 | UInt8(text.utf8.count)] + text.utf8 }
    static func uint16(_ number: UInt16) -> [UInt8] { [0xA2, UInt8(number >> 8), UInt8(number & 0xFF)] }
    static func map(_ members: [(String, [UInt8])]) -> [UInt8] {
        [0xE0 | UInt8(members.count)] + members.flatMap { text($0.0) + $0.1 }
    }

    /// An entry as a country database has it.
    static func country(_ code: String, at key: String = "country") -> [UInt8] {
        map([("continent", map([("code", text("XX"))])), (key, map([("iso_code", text(code))]))])
    }
}
