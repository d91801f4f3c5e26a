/// What describes an HTTP interface of Tributary: an OpenAPI 3.1 document, built in from `openapi/`.
public enum OpenAPIDocument: String, CaseIterable, Sendable {
    /// The collector's port.
    case collector
    /// The dashboard's port.
    case dashboard

    /// The document: JSON.
    public var bytes: [UInt8] {
        switch self {
        case .collector: PackageResources.collector_json
        case .dashboard: PackageResources.dashboard_json
        }
    }
}
