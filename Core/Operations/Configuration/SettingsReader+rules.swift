/// Rules about single settings and about several at once.
extension SettingsReader {
    /// The address of a database, empty where it is not given. It may hold a password.
    mutating func address(_ store: StoreAddress, schemes: [String]) -> String {
        let allowed = "an address that begins with " + schemes.map { "\($0)://" }.joined(separator: " or ")
        return value(store.rawValue, default: "", allowed: allowed, secret: masked) { text in
            isAddress(text, schemes: schemes) ? text : nil
        }
    }

    /// The write keys; `nil` where they are given but wrong.
    mutating func writeKeys() -> [WriteKey]? {
        let rule = "source:key,… with sources of a-z 0-9 _ - and keys of printable characters, none twice"
        var allowed = rule
        if let text = text("writeKeys")?.text {
            do {
                _ = try WriteKey.list(text)
            } catch {
                allowed = "\(rule); wrong: entry \(error.entries.map(String.init).joined(separator: ", "))"
            }
        }
        return value("writeKeys", default: allowed == rule ? [] : nil, allowed: allowed, secret: { _ in "***" }) {
            try? WriteKey.list($0)
        }
    }

    /// The keys of metadata that are stored as pseudonyms only.
    mutating func redactedKeys() -> [String] {
        value(
            "worker.redact", default: [],
            allowed: "up to 32 keys of metadata with commas between, none empty, none twice"
        ) { text in
            let keys = text.split(separator: ",", omittingEmptySubsequences: false).map { key in
                String(key.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            let isFine =
                keys.count <= 32 && Set(keys).count == keys.count && keys.allSatisfy { (1...128) ~= $0.utf8.count }
            return isFine ? keys : nil
        }
    }

    /// Without a secret, anyone could find an e-mail address by trying all of them.
    mutating func requireRedactionSecret() {
        guard text("worker.redactSecret") == nil else { return }
        report(
            "worker.redactSecret", value: nil, source: nil,
            allowed: "a secret of 16 characters or more; WORKER_REDACT needs it")
    }

    /// An open role is reachable from this machine only.
    mutating func requireLoopback(_ key: String, _ host: String, unless exception: String) {
        guard !isLoopback(host) else { return }
        report(
            key, value: shown(host), source: text(key)?.source,
            allowed: "a loopback address such as 127.0.0.1, unless \(exception): whoever reaches it may use it")
    }

    /// Every store that the role needs has an address.
    mutating func requireStores(of role: Role) {
        for store in role.stores.sorted(by: { $0.rawValue < $1.rawValue }) where text(store.rawValue) == nil {
            report(store.rawValue, value: nil, source: nil, allowed: "the \(role.rawValue) role needs it")
        }
    }

    /// A file is ours alone: a key in it that nothing reads is a typing error.
    mutating func refuseUnknownKeys(in file: (name: String, content: ConfigurationFile)?) {
        guard let file else { return }
        for key in file.content.values.keys.sorted() where !known.contains(key) && !key.hasPrefix("kafka.") {
            report(
                ConfigurationIssue(
                    key: shown(key), value: "***", source: file.name, allowed: "not to be set: there is no such setting"
                ))
        }
    }
}
