/// The names of the metrics that every role has, and what they mean.
public enum MetricNames {
    /// Requests answered; labels `role`, `route`, `method`, `status`.
    public static let requests = "tributary_http_requests_total"
    /// Time until a response was ready; labels `role`, `route`, `method`.
    public static let requestSeconds = "tributary_http_request_seconds"
    /// Connections that are open.
    public static let connections = "tributary_http_connections"
    /// Connections closed because of what they did, or for want of room; label `reason`.
    public static let connectionsRefused = "tributary_http_connections_refused_total"
    /// 1 where a role can do its job, else 0; label `role`.
    public static let ready = "tributary_ready"
    /// 1 where a check of a role passes, else 0; labels `role`, `check`.
    public static let healthCheck = "tributary_health_check"
    /// Metrics refused by the registry; label `metric`.
    public static let dropped = "tributary_metrics_dropped_total"

    /// Help texts by name, for `PrometheusRegistry`.
    public static let help: [String: String] = [
        requests: "Requests answered, by role, route, method and status.",
        requestSeconds: "Seconds until the head of a response was ready.",
        connections: "Connections that are open.",
        connectionsRefused: "Connections closed for what they sent, for being slow or for want of room, by reason.",
        ready: "Whether a role can do its job, by role.",
        healthCheck: "Whether a check of a role passes, by role and check.",
        dropped: "Label sets that were not kept: too many of one metric, or one name for two kinds of metric.",
    ]
}
