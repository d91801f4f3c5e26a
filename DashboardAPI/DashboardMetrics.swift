import Operations

/// The dashboard API's own metrics.
enum DashboardMetrics {
    /// Answers; label `cache`.
    static let answersLabel = "tributary_dashboard_answers_total"
    /// Bytes of answers that are kept.
    static let cacheLabel = "tributary_dashboard_cache_bytes"
    /// Readings of the issuer's keys; label `result`, `done` or `failed`.
    static let keyReadingsLabel = "tributary_dashboard_key_readings_total"
    /// Requests whose token was not taken; label `reason`.
    static let refusedLabel = "tributary_dashboard_requests_refused_total"
    /// Tokens that need not be verified again.
    static let knownTokensLabel = "tributary_dashboard_known_tokens"
    /// The table of bearers' buckets; label `limit`.
    static let limitTable = BucketTable.Labels(
        entries: "tributary_dashboard_limit_entries", displaced: "tributary_dashboard_limit_displaced_total")
    /// Requests refused because their bearer has sent too many.
    static let limitedLabel = "tributary_dashboard_requests_limited_total"
}
