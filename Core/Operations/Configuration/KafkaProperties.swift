/// What librdkafka says of a property and its value.
public enum KafkaPropertyVerdict: Sendable, Equatable {
    /// It may be set.
    case accepted
    /// There is no such property: it is left out, with a warning.
    case unknown
    /// The value is wrong: what would be right.
    case invalid(String)
    /// The property carries a guarantee and is not for configuring: why.
    case guarantee(String)
}

extension SettingsReader {
    /// The librdkafka properties given as `KAFKA_<PROPERTY>` in the environment or below `kafka` in the file, as far
    /// as they are accepted, and warnings about unknown ones.
    mutating func kafkaProperties(
        environment: [String: String], file: (name: String, content: ConfigurationFile)?,
        judge: (_ name: String, _ value: String) -> KafkaPropertyVerdict
    ) -> (properties: [String: String], warnings: [String]) {
        var properties: [String: String] = [:]
        var warnings: [String] = []
        let given = givenProperties(environment: environment, file: file)
        for (name, (value, key, source)) in given.sorted(by: { $0.key < $1.key }) {
            let shownValue = isSecret(name) ? masked(value) : shown(value)
            func issue(_ allowed: String) -> ConfigurationIssue {
                ConfigurationIssue(key: key, value: shownValue, source: source, allowed: allowed)
            }
            switch judge(name, value) {
            case .accepted: properties[name] = value
            case .unknown:
                warnings.append("\(key) (\(source)): librdkafka has no property \(shown(name)); it is ignored")
            case .invalid(let reason):
                // librdkafka quotes the value in its reason.
                report(issue(isSecret(name) ? "a valid value of \(name)" : shown(reason)))
            case .guarantee(let reason): report(issue("not to be set: \(shown(reason))"))
            }
        }
        return (properties, warnings)
    }

    /// By property: the value, the key as it was given and where. The environment comes before the file.
    private func givenProperties(
        environment: [String: String], file: (name: String, content: ConfigurationFile)?
    ) -> [String: (value: String, key: String, source: String)] {
        var given: [String: (value: String, key: String, source: String)] = [:]
        for (key, value) in file?.content.values ?? [:]
        where key.hasPrefix("kafka.") && key != StoreAddress.kafka.rawValue {
            given[String(key.dropFirst("kafka.".count))] = (value, key, file?.name ?? "")
        }
        for (key, value) in environment where key.hasPrefix("KAFKA_") && key != name(of: StoreAddress.kafka.rawValue) {
            let name = key.dropFirst("KAFKA_".count).lowercased().replacing("_", with: ".")
            given[name] = (value, key, "environment")
        }
        return given
    }

    private func isSecret(_ name: String) -> Bool {
        ["password", "secret", "key", "username", "sasl.oauthbearer", "jaas", "pem"].contains { name.contains($0) }
    }
}
