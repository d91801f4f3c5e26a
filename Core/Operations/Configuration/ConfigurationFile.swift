import Configuration
import Foundation

/// A JSON file of settings: objects may be nested, `{"collector":{"port":8080}}` being `collector.port`.
///
/// All values are kept as text and read by the same rules as the environment's, because the provider that comes with
/// swift-configuration takes `true` for the number 1 and cannot tell which keys a file has.
struct ConfigurationFile {
    /// The text of every value, by its path with dots. An array is its elements with commas between.
    let values: [String: String]

    /// Reads a file; throws a `DecodingError` or what reading it failed with.
    init(path: String) throws {
        let data = try Data(contentsOf: URL(filePath: path))
        var values: [String: String] = [:]
        for (name, value) in try JSONDecoder().decode([String: FileValue].self, from: data) {
            try value.flatten(into: &values, path: name)
        }
        self.values = values
    }

    /// The values, for swift-configuration.
    func provider(name: String) -> some ConfigProvider {
        let values = values.map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: true))
        }
        return InMemoryProvider(name: name, values: Dictionary(values) { first, _ in first })
    }
}

/// A value in the file.
private enum FileValue: Decodable {
    case text(String)
    case list([String])
    case object([String: FileValue])
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(Int.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(Double.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([String].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: FileValue].self))
        }
    }

    func flatten(into values: inout [String: String], path: String) throws {
        switch self {
        case .text(let text): values[path] = text
        case .list(let texts): values[path] = texts.joined(separator: ",")
        case .object(let members):
            for (name, value) in members { try value.flatten(into: &values, path: "\(path).\(name)") }
        case .null: break
        }
    }
}
