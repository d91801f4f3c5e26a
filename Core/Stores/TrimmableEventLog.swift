/// A log whose records can be given up before their time, as a spill's are once they are elsewhere.
public protocol TrimmableEventLog: EventLog {
    /// Drops the records of a partition below an offset, durably; offsets are not used again.
    /// - Throws: `EventLogError`; the records may be there or not then, and the call can be repeated.
    func trim(_ topic: Topic, _ partition: Int32, below low: Int64) async throws

    /// Gives the room of trimmed records back to the file system. Writes what is left anew: for a log that holds
    /// little.
    func compact() async throws
}
