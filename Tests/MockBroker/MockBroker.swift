import CRDKafka
import Foundation

/// A broker that speaks Kafka's protocol on the loopback, around librdkafka's mock cluster: for tests and for
/// trying the pipeline on one machine. It is no store: nothing survives it, and each partition keeps about
/// 5 MiB *as stored* (after compression) and silently drops what is older.
///
/// Prints `ready bootstrap=127.0.0.1:PORT control=127.0.0.1:PORT` on standard output when it can be used. Ends
/// with 0 on SIGTERM and SIGINT, with 2 on wrong arguments, with 1 when it cannot start.
@main
enum MockBroker {
    static func main() {
        let options: Options
        do { options = try Options(CommandLine.arguments.dropFirst()) } catch {
            complain("mock-broker: \(error)\n\(Options.usage)")
            exit(2)
        }
        if options.help {
            print(Options.usage)
            exit(0)
        }
        do { try run(options) } catch {
            complain("mock-broker: \(error)")
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        // Blocked before any thread exists, so that all inherit it and only `sigwait` sees them.
        var stops = sigset_t()
        sigemptyset(&stops)
        sigaddset(&stops, SIGTERM)
        sigaddset(&stops, SIGINT)
        pthread_sigmask(SIG_BLOCK, &stops, nil)
        signal(SIGPIPE, SIG_IGN)

        let cluster = try MockCluster(brokers: options.brokers, firstPort: options.port)
        for topic in options.topics { try cluster.createTopic(topic.name, partitions: topic.partitions) }
        let control = try ControlServer(port: options.controlPort) { cluster.perform($0) }
        if options.exitsWithParent { startThread { stopWhenInputEnds() } }
        print("ready bootstrap=\(cluster.bootstrapServers) control=127.0.0.1:\(control.port)")
        fflush(nil)

        var received: Int32 = 0
        sigwait(&stops, &received)
        withExtendedLifetime((cluster, control)) {}
    }

    /// Reads standard input to its end, which comes when the process that holds the other end is gone.
    private static func stopWhenInputEnds() {
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count == 0 || (count < 0 && errno != EINTR) { break }
        }
        kill(getpid(), SIGTERM)
    }

    private static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
