/// Answers as CSV (RFC 4180): a header line, then a line for each point or value.
enum CSV {
    /// A table's text.
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        ([header] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A number's field; empty where it is not known.
    static func number(_ number: Int64?) -> String { number.map { String($0) } ?? "" }

    /// Quoted where it must be. A value that a spreadsheet would take for a formula gets an apostrophe before it:
    /// values are what anybody sent.
    private static func field(_ text: String) -> String {
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let safe = isFormula ? "'\(text)" : text
        guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
        return "\"\(safe.replacing("\"", with: "\"\""))\""
    }
}
