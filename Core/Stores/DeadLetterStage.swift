/// Where a dead letter was given up: its header `dlq-stage`.
public enum DeadLetterStage: String, Sendable, CaseIterable {
    /// The collector refused it and told the client. It was never in `user-events`: it has no position, is on no
    /// index and in no books, and may be cut. Sending it again as it is would be refused again.
    case collect
    /// A worker could not read it.
    case decode
    /// The raw store would not have it.
    case store

    /// Whether the record was acknowledged in `user-events`, so that it counts in the books and may be replayed
    /// from its bytes.
    public var wasInTheLog: Bool { self != .collect }
}

extension RecordBatch {
    /// The stage of a record of the dead-letter topic; `nil` where it does not say or says something unknown.
    public func deadLetterStage(at index: Int) -> DeadLetterStage? {
        text(.deadLetterStage, at: index).flatMap(DeadLetterStage.init)
    }
}
