/// Carries live summaries from workers to dashboards.
///
/// Made for looking on, so it gives way: publishing never waits for those who follow, and one who follows too slowly
/// misses summaries.
public protocol LiveFeed: Sendable {
    /// Hands summaries to all who follow, in this process and in others.
    /// - Throws: `EventLogError` where they could not be handed over; they need not be repeated.
    func publish(_ summaries: [LiveSummary]) async throws

    /// Gives `take` what is published from now on, in that order, until the task is cancelled; then it returns. Goes on
    /// after the log was away.
    /// - Parameter recent: how many of the summaries published before come first, at most.
    /// - Throws: what `take` throws; `EventLogError` where nothing can come any more.
    func follow(recent: Int, _ take: @Sendable ([LiveSummary]) async throws -> Void) async throws
}
