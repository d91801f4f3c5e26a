import CoreMetrics

extension Readiness {
    /// Shows the state as `tributary_ready` and each check as `tributary_health_check`: 1 or 0.
    ///
    /// While a role drains its checks are not run; their last figures stay.
    func record(role: String, in metrics: PrometheusRegistry) {
        let labels = [("role", role)]
        metrics.makeMeter(label: MetricNames.ready, dimensions: labels).set(Int64(status == .ready ? 1 : 0))
        for check in checks {
            metrics.makeMeter(label: MetricNames.healthCheck, dimensions: labels + [("check", check.name)])
                .set(Int64(check.failure == nil ? 1 : 0))
        }
    }
}
