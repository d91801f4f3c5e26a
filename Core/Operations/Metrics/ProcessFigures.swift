import Foundation
import Glibc

/// What the operating system knows of this process, by the names that every Prometheus client uses.
enum ProcessFigures {
    /// Appends the figures; those that cannot be read are left out.
    static func write(to text: inout String) {
        let figures: [(name: String, kind: String, help: String, value: Double?)] = [
            ("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", cpuSeconds),
            ("process_open_fds", "gauge", "Open file descriptors.", openFiles),
            ("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", residentBytes),
            ("process_start_time_seconds", "gauge", "Start of the process, in seconds since 1970.", startTime),
        ]
        for figure in figures {
            guard let value = figure.value else { continue }
            text.append(header: figure.name, kind: figure.kind, help: figure.help)
            text.append(sample: figure.name, "", exposed(value))
        }
    }

    private static var cpuSeconds: Double? {
        guard let fields = stat, let user = Double(fields[12]), let system = Double(fields[13]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static var residentBytes: Double? {
        guard let fields = words(ofFile: "/proc/self/statm"), fields.count > 1 else { return nil }
        return Double(fields[1]).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
    }

    private static var openFiles: Double? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
        return Double(names.count - 1)  // without the one that was opened to look
    }

    /// The fields of `/proc/self/stat` from the second on: CPU times are the 14th and 15th of the whole, the start is
    /// the 22nd, all in ticks. The second is the process's name in parentheses, which may hold spaces.
    private static var stat: [Substring]? {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")"),
            case let fields = stat[end...].split(separator: " "), fields.count > 20
        else { return nil }
        return fields
    }

    private static let startTime: Double? = {
        guard let fields = stat, let ticks = Double(fields[20]),
            let words = words(ofFile: "/proc/stat"), let label = words.firstIndex(of: "btime"),
            words.indices.contains(label + 1), let boot = Double(words[label + 1])
        else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func words(ofFile path: String) -> [Substring]? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.split { $0 == " " || $0 == "\n" }
    }
}
