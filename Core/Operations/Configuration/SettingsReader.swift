import Configuration
import Foundation

/// Reads settings one by one and collects what is wrong with them; a wrong one reads as its default meanwhile.
///
/// Values are asked for as text and parsed here: swift-configuration's typed getters silently give the default for a
/// value of the wrong kind.
struct SettingsReader {
    /// What is wrong so far.
    private(set) var issues: [ConfigurationIssue] = []
    /// The keys asked for so far, as they stand in a file.
    private(set) var known: Set<String> = []
    private let environment: EnvironmentVariablesProvider
    private let layers: [(name: String, provider: any ConfigProvider)]

    /// Reads the environment first, then the file.
    init(environment: [String: String], file: (name: String, content: ConfigurationFile)?) {
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
        layers =
            [("environment", self.environment)] + (file.map { [($0.name, $0.content.provider(name: $0.name))] } ?? [])
    }

    /// The value of a setting, or `fallback` where it is not given. `parse` answers `nil` for a wrong one.
    mutating func value<Value>(
        _ key: String, default fallback: Value, allowed: String, secret: (String) -> String = shown,
        parse: (String) -> Value?
    ) -> Value {
        known.insert(key)
        guard let (text, source) = text(key) else { return fallback }
        if !text.isEmpty, let value = parse(text) { return value }
        let hint =
            text.hasPrefix("tcp://")
            ? " (Kubernetes sets it for a service of that name: enableServiceLinks: false)" : ""
        report(key, value: secret(text), source: source, allowed: allowed + hint)
        return fallback
    }

    /// Notes that a setting is wrong.
    mutating func report(_ key: String, value: String?, source: String?, allowed: String) {
        issues.append(ConfigurationIssue(key: name(of: key), value: value, source: source, allowed: allowed))
    }

    /// Notes something wrong that is not a setting of ours.
    mutating func report(_ issue: ConfigurationIssue) { issues.append(issue) }

    /// The text of a setting and where it stands; `nil` where it is not given.
    func text(_ key: String) -> (text: String, source: String)? {
        let key = AbsoluteConfigKey(ConfigKey(key))
        for layer in layers {
            if case .string(let text)? = try? layer.provider.value(forKey: key, type: .string).value?.content {
                return (text, layer.name)
            }
        }
        return nil
    }

    /// The name of a setting in the environment.
    func name(of key: String) -> String {
        let key = AbsoluteConfigKey(ConfigKey(key))
        return (try? environment.value(forKey: key, type: .string).encodedKey) ?? key.description
    }
}

extension SettingsReader {
    /// A whole number in a range.
    mutating func number(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return value(key, default: fallback, allowed: allowed) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A TCP port; 0 is any free one.
    mutating func port(_ key: String, default fallback: Int) -> Int {
        number(key, default: fallback, in: 0...65_535)
    }

    /// `true` or `false`.
    mutating func flag(_ key: String, default fallback: Bool = false) -> Bool {
        value(key, default: fallback, allowed: "true or false") { Bool($0.lowercased()) }
    }

    /// A length of time in a range.
    mutating func duration(_ key: String, default fallback: Duration, in range: ClosedRange<Duration>) -> Duration {
        let bounds = "\(durationText(range.lowerBound)) to \(durationText(range.upperBound))"
        let allowed = "a whole number with ms, s, m or h, such as 500ms or 60s, from \(bounds)"
        return value(key, default: fallback, allowed: allowed) { text in
            parseDuration(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// An address to listen on.
    mutating func host(_ key: String, default fallback: String) -> String {
        value(key, default: fallback, allowed: "an IP address or a host's name") { text in
            text.wholeMatch(of: /[A-Za-z0-9.:_-]+/) == nil ? nil : text
        }
    }
}
