import Events
import Foundation

/// Emphasis on a terminal, and nothing elsewhere.
struct Style {
    let isColoured: Bool

    /// By https://no-color.org: also not where `NO_COLOR` is set.
    static var ofStandardOutput: Style {
        let environment = ProcessInfo.processInfo.environment
        let isRefused = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        return Style(isColoured: isatty(STDOUT_FILENO) == 1 && !isRefused)
    }

    func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func faint(_ text: String) -> String { isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
    func bar(_ text: String) -> String { isColoured ? "\u{1B}[36m\(text)\u{1B}[0m" : text }
}

/// Visitors by day and by week, for a terminal.
struct VisitorsTable {
    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let barLength = 28.0

    private let numbers: Questions.Numbers
    private let style: Style

    init(_ numbers: Questions.Numbers, style: Style) {
        self.numbers = numbers
        self.style = style
    }

    var text: String {
        let total = "\(grouped(numbers.visitors)) visitors, \(grouped(numbers.events)) events in all"
        return
            (["", header("day")] + rows(numbers.days) { Self.weekday($0) } + ["", header("week from")]
            + rows(numbers.weeks) { _ in "" } + ["", total, ""]).joined(separator: "\n")
    }

    private func header(_ period: String) -> String {
        style.bold("\(padded(period, to: 14))\(padded("visitors", to: -10))\(padded("events", to: -12))")
    }

    private func rows(_ points: [Questions.Visitors.Point], label: (String) -> String) -> [String] {
        let most = Double(max(1, points.map(\.visitors).max() ?? 1))
        return points.map { point in
            let bar = String(repeating: "#", count: Int((Double(point.visitors) / most * Self.barLength).rounded()))
            let name = padded("\(point.start) \(label(point.start))", to: 14)
            let counts = "\(padded(grouped(point.visitors), to: -10))\(padded(grouped(point.events), to: -12))"
            return "\(name)\(counts)  \(style.bar(bar))"
        }
    }

    private static func weekday(_ date: String) -> String {
        guard let day = CivilDate(date)?.dayNumber else { return "" }
        return weekdays[Int(day - CivilDate.monday(of: day))]
    }
}

/// Where everything is, and what to try.
struct Addresses {
    let collector: String
    let dashboard: String
    /// A day that has numbers.
    let day: String

    func text(_ style: Style) -> String {
        """
        collector  \(collector)
        ask        curl '\(dashboard)/api/analytics/visitors?date=\(day)'
        send       curl \(collector)/v1/events -H 'Content-Type: application/json' \\
                     -d '{"userId":"ada","eventType":"page_view","metadata":{"path":"/hello"}}'

        \(style.bold("Open       \(dashboard)/"))

        """
    }
}

/// A text with blanks behind it up to a width, or before it where the width is negative.
private func padded(_ text: String, to width: Int) -> String {
    let blanks = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width < 0 ? blanks + text : text + blanks
}
