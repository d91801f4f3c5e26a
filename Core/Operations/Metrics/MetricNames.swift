/// The names of the metrics that every role has, and what they mean.
public enum MetricNames {
    /// Requests answered; labels `role`, `route`, `method`, `status`.
    public static let requests = "tributary_http_requests_total"
    /// Time until a response was ready; labels `role`, `route`, `method`.
    public static let requestSeconds = "tributary_http_request_seconds"
    /// Metrics refused by the registry; label `metric`.
    public static let dropped = "tributary_metrics_dropped_total"

    /// Help texts by name, for `PrometheusRegistry`.
    public static let help: [String: String] = [
        requests: "Requests answered, by role, route, method and status.",
        requestSeconds: "Seconds until the head of a response was ready.",
        dropped: "Label sets that were not kept: too many of one metric, or one name for two kinds of metric.",
    ]
}
