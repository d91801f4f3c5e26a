import Testing

/// What a process answers at `/metrics`.
struct Exposition {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    /// The type of each metric.
    private(set) var types: [String: String] = [:]
    private(set) var samples: [Sample] = []

    /// Reads the text format 0.0.4 as far as it is used here: no timestamps.
    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                types[String(words[2])] = String(words[3])
            } else if !line.hasPrefix("#") {
                samples.append(try Self.sample(line))
            }
        }
    }

    /// The metric that a sample is of: a histogram's name without `_bucket`, `_sum` or `_count`.
    func family(of sample: Sample) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where sample.name.hasSuffix(suffix) {
            let name = String(sample.name.dropLast(suffix.count))
            if types[name] == "histogram" { return name }
        }
        return sample.name
    }

    /// The sum of a metric's samples with these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        samples.filter { $0.name == name && $0.labels.merging(labels) { $1 } == $0.labels }
            .reduce(0) { $0 + $1.value }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        let match = try #require(line.wholeMatch(of: /([A-Za-z_:][A-Za-z0-9_:]*)(\{(.*)\})? (\S+)/), "\(line)")
        var labels: [String: String] = [:]
        for label in (match.3 ?? "").matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/) {
            labels[String(label.1)] = String(label.2)
        }
        return Sample(name: String(match.1), labels: labels, value: try #require(Double(match.4), "\(line)"))
    }
}

extension Pipeline.Role {
    /// Its metrics now.
    func exposition() async throws -> Exposition {
        let answer = try await get("\(url)/metrics")
        guard answer.status == 200 else { throw PipelineFailure("/metrics: \(answer.status)") }
        return try Exposition(answer.body)
    }
}
