/// The text exposition format of Prometheus, version 0.0.4.
extension String {
    /// Appends one sample and the line's end; `labels` is the inside of the braces, or empty.
    mutating func append(sample name: String, _ labels: String, _ value: String) {
        append(name)
        if !labels.isEmpty {
            append("{")
            append(labels)
            append("}")
        }
        append(" ")
        append(value)
        append("\n")
    }

    /// Appends the two lines that come before the samples of a metric.
    mutating func append(header name: String, kind: String, help: String) {
        append("# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n")
        append("# TYPE \(name) \(kind)\n")
    }
}

/// A number as the format wants it.
func exposed(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int64(exactly: value).map(String.init) ?? String(value)
}

/// A metric's name with everything that the format forbids replaced by `_`.
func sanitisedMetricName(_ name: String) -> String { sanitised(name, alsoAllowed: ":") }

/// The inside of the braces: names sanitised and in order, values escaped. Dimensions in another order give the same.
func labelText(_ dimensions: [(String, String)]) -> String {
    var labels: [(name: String, value: String)] = []
    for (name, value) in dimensions {
        var name = sanitised(name, alsoAllowed: "_")
        // "le" is the histogram's own; two names may have become one.
        while name == "le" || labels.contains(where: { $0.name == name }) { name += "_" }
        labels.append((name, value))
    }
    labels.sort { $0.name < $1.name }
    return labels.map { "\($0.name)=\"\(escapedLabelValue($0.value))\"" }.joined(separator: ",")
}

private func escapedLabelValue(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
}

private func sanitised(_ name: String, alsoAllowed extra: Unicode.Scalar) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
        switch scalar {
        case "a"..."z", "A"..."Z", "_", extra: result.unicodeScalars.append(scalar)
        case "0"..."9":
            if result.isEmpty { result = "_" }
            result.unicodeScalars.append(scalar)
        default: result += "_"
        }
    }
    return result.isEmpty ? "_" : result
}
