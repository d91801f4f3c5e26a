import ArgumentParser
import AsyncAlgorithms
import Foundation
import Hummingbird
import Logging
import NIOCore
import Operations
import ServiceLifecycle

/// Takes operators' commands by the directory's socket and carries them out on this process's stores.
struct CommandServer: Service, CustomStringConvertible {
    let directory: String
    let stores: BuiltStores
    let settings: Settings
    let logger: Logger

    var description: String { "command socket" }

    func run() async throws {
        try await CommandSocket.withPath(in: directory) { path in
            // The directory's lock is ours: a socket found here is one that a killed process left.
            unlink(path)
            let router = Router()
            router.post("commands") { request, context in
                let body = try await request.decode(as: CommandRequest.self, context: context)
                return response(to: body)
            }
            let application = Application(
                router: router,
                configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
                onServerRunning: { _ in chmod(path, 0o600) }, logger: logger.quiet)
            defer { unlink(path) }
            try await application.run()
        }
    }

    private func response(to request: CommandRequest) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                let channel = CommandChannel(directory: request.directory)
                async let work: Void = execute(request, channel)
                do {
                    for await line in channel.lines { try await writer.write(line) }
                } catch {
                    // Nobody listens any more: the work goes on in silence.
                    channel.close()
                }
                await work
                try await writer.finish(nil)
            })
    }

    private func execute(_ request: CommandRequest, _ channel: CommandChannel) async {
        await channel.send(.exit(await carryOut(request, channel)))
        channel.close()
    }

    private func carryOut(_ request: CommandRequest, _ channel: CommandChannel) async -> Int32 {
        logger.info("Command", metadata: ["arguments": "\(request.arguments.withoutUsers)"])
        do {
            guard let command = try Tributary.parseAsRoot(request.arguments) as? any StoreCommand else {
                await channel.say("this command cannot be carried out by a running 'serve'")
                return 64
            }
            try await command.execute(on: stores, settings, channel)
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            await channel.say(Tributary.fullMessage(for: error))
            return Tributary.exitCode(for: error).rawValue
        }
    }
}

extension [String] {
    /// A command's words for a log: who is to be forgotten must not come to stand there.
    fileprivate var withoutUsers: [String] {
        enumerated().map { index, word in
            if word.hasPrefix("--user=") { return "--user=…" }
            return index > 0 && self[index - 1] == "--user" ? "…" : word
        }
    }
}

/// The terminal of a command from elsewhere: every word is a line of the answer, and waits until the one before has
/// been sent.
private struct CommandChannel: Terminal {
    let directory: String
    let lines = AsyncChannel<ByteBuffer>()

    func print(_ line: String) async { await send(.output(line)) }

    func say(_ line: String) async { await send(.note(line)) }

    func show(_ progress: ProgressNote) async { await send(.progress(progress)) }

    func send(_ message: CommandMessage) async {
        guard let json = try? JSONEncoder().encode(message) else { return }
        var buffer = ByteBuffer(bytes: json)
        buffer.writeString("\n")
        await lines.send(buffer)
    }

    func close() { lines.finish() }
}
