/// Who has which connection and who waits: a pool's decisions, without its I/O.
struct PoolState<Connection, Waiter> {
    /// What a caller gets.
    enum Acquisition {
        /// This connection, at once.
        case lease(Connection)
        /// A place in the queue.
        case queued
        /// Nothing: too many wait already.
        case full
        /// Nothing: the pool is closed.
        case closed
    }

    /// What becomes of a connection that is given back.
    enum Release {
        /// It goes to the one that has waited longest.
        case handOver(Waiter)
        /// It is kept.
        case keep
        /// It is closed, since the pool is.
        case close
    }

    private var idle: [Connection]
    private var queue: [(id: UInt64, waiter: Waiter)] = []
    private let maximumWaiters: Int
    private(set) var isClosed = false

    /// How many wait.
    var waiting: Int { queue.count }

    init(_ connections: [Connection], maximumWaiters: Int) {
        idle = connections
        self.maximumWaiters = maximumWaiters
    }

    /// Gives a connection or queues the caller. The one used last goes first: it is the likeliest to be open.
    mutating func acquire(_ id: UInt64, _ waiter: Waiter) -> Acquisition {
        if isClosed { return .closed }
        if let connection = idle.popLast() { return .lease(connection) }
        if queue.count >= maximumWaiters { return .full }
        queue.append((id, waiter))
        return .queued
    }

    /// Takes a connection back.
    mutating func release(_ connection: Connection) -> Release {
        if isClosed { return .close }
        if !queue.isEmpty { return .handOver(queue.removeFirst().waiter) }
        idle.append(connection)
        return .keep
    }

    /// Takes a caller out of the queue; `nil` where it is not, or no longer, in it.
    mutating func cancel(_ id: UInt64) -> Waiter? {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return nil }
        return queue.remove(at: index).waiter
    }

    /// Closes the pool; a second time there is nothing left to do.
    mutating func close() -> (idle: [Connection], waiters: [Waiter]) {
        defer { (idle, queue, isClosed) = ([], [], true) }
        return (idle, queue.map(\.waiter))
    }
}
