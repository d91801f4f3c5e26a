/// Everything that is wrong with the configuration, found before anything is started.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, one entry a value.
    public let issues: [ConfigurationIssue]

    /// One line an issue, for standard error.
    public var description: String {
        (["the configuration cannot be used:"] + issues.map { "  \($0)" }).joined(separator: "\n")
    }
}

/// One value that cannot be used.
public struct ConfigurationIssue: Sendable, Equatable, CustomStringConvertible {
    /// The setting, by its name in the environment.
    public let key: String
    /// What was given, with credentials masked and control characters escaped; `nil` where nothing was.
    public let value: String?
    /// Where it was given: `environment` or the file's name.
    public let source: String?
    /// What would be right.
    public let allowed: String

    /// `KEY: "value" (environment); allowed: …`
    public var description: String {
        let given = value.map { "\"\($0)\"" } ?? "missing"
        return "\(key): \(given)\(source.map { " (\($0))" } ?? ""); allowed: \(allowed)"
    }
}

/// A text that stays on one line of a terminal: control characters escaped, cut at 200 characters.
func shown(_ text: String) -> String {
    let short = text.count > 200 ? text.prefix(200) + "…" : text[...]
    var result = ""
    for scalar in short.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
