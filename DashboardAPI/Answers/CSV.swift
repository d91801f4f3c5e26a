/// Answers as CSV (RFC 4180): a header line, then a line for each point or value.
enum CSV {
    static func text(_ answer: VisitorsAnswer) -> String {
        let points =
            answer.series
            ?? [.init(start: answer.date ?? "", visitors: answer.visitors, events: answer.events)]
        return text(
            ["start", "visitors", "events"], points.map { [$0.start, String($0.visitors), String($0.events)] })
    }

    static func text(_ answer: BreakdownAnswer) -> String {
        text(
            [answer.dimension, "visitors", "events"],
            answer.rows.map { [$0.value, String($0.visitors), String($0.events)] })
    }

    private static func text(_ header: [String], _ rows: [[String]]) -> String {
        ([header] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// Quoted where it must be. A value that a spreadsheet would take for a formula gets an apostrophe before it:
    /// values are what anybody sent.
    private static func field(_ text: String) -> String {
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let safe = isFormula ? "'\(text)" : text
        guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
        return "\"\(safe.replacing("\"", with: "\"\""))\""
    }
}
