import ArgumentParser
import Foundation

/// Events of a request: what a collector takes at most.
func checkBatch(_ batch: Int) throws {
    guard (1...1000).contains(batch) else { throw ValidationError("--batch must be 1 to 1000, is \(batch)") }
}

/// An address to send to.
func checkCollector(_ collector: String) throws {
    guard let url = URL(string: collector), ["http", "https"].contains(url.scheme), url.host != nil else {
        throw ValidationError("--collector must be an http or https address, is '\(collector)'")
    }
}

/// Writes a line for people, beside the output proper.
func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
