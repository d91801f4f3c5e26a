import Foundation

/// A line on standard error that shows how far something has come: redrawn on a terminal, a line every few seconds
/// elsewhere.
struct ProgressBar {
    private let label: String
    private let total: Int64?
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastDrawn = ContinuousClock.now
    private var hasDrawn = false

    /// Shows progress towards `total` units; without a total, only the count.
    init(label: String, total: Int64?) {
        self.label = label
        self.total = total
    }

    /// Draws, at most ten times a second on a terminal and every five seconds elsewhere.
    mutating func update(_ done: Int64, note: String) {
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
        guard ContinuousClock.now - lastDrawn >= interval else { return }
        draw(done, note: note)
    }

    /// Draws the last state and ends the line.
    mutating func finish(_ done: Int64, note: String) {
        draw(done, note: note)
        if isTerminal { write("\n") }
    }

    private mutating func draw(_ done: Int64, note: String) {
        lastDrawn = .now
        let text = "\(label) \(bar(done)) \(note)"
        write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    private func bar(_ done: Int64) -> String {
        guard let total, total > 0 else { return "" }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 30)
        return "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 30 - filled))]"
            + " \(Int(share * 100)) %"
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
