import Foundation
import Synchronization

/// Where a command's words go: this process's streams, or another's.
protocol Terminal: Sendable {
    /// A line of the output proper.
    func print(_ line: String) async
    /// A line for people, beside the output.
    func say(_ line: String) async
    /// How far the work has come; the last call ends the bar.
    func show(_ progress: ProgressNote) async
    /// The directory that relative paths are meant from.
    var directory: String { get }
}

/// How far a piece of work has come.
struct ProgressNote: Codable, Sendable {
    var label: String
    var done: Int64
    /// `nil` where the end is not known.
    var total: Int64?
    var note = ""
    var isLast = false
}

/// The standard streams.
final class StandardTerminal: Terminal {
    private let bar = Mutex<ProgressBar?>(nil)

    var directory: String { FileManager.default.currentDirectoryPath }

    func print(_ line: String) async { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    func say(_ line: String) async { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

    func show(_ progress: ProgressNote) async {
        bar.withLock { bar in
            var current = bar ?? ProgressBar(label: progress.label, total: progress.total)
            if progress.isLast {
                current.finish(progress.done, note: progress.note)
                bar = nil
            } else {
                current.update(progress.done, note: progress.note)
                bar = current
            }
        }
    }
}
