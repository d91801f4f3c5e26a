import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Schemas
import Testing

@testable import Collector
@testable import Operations

/// The collector's OpenAPI document knows every code and every route that the collector has.
struct DescriptionTests {
    private let document: [String: Any]

    init() throws {
        let json = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.collector.bytes))
        document = try #require(json as? [String: Any])
    }

    /// The values that the document allows for members named `code`, wherever they are.
    private static func codes(_ node: Any) -> Set<String> {
        switch node {
        case let list as [Any]: return list.reduce(into: []) { $0.formUnion(codes($1)) }
        case let object as [String: Any]:
            let code = object["code"] as? [String: Any] ?? [:]
            let own = (code["enum"] as? [String] ?? []) + [code["const"] as? String].compactMap(\.self)
            return object.values.reduce(into: Set(own)) { $0.formUnion(codes($1)) }
        default: return []
        }
    }

    @Test func everyCodeIsDocumented() throws {
        let schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]]
        let violations = Set(EventViolation.Code.allCases.map(\.rawValue))
        #expect(Set(schemas?["ViolationCode"]?["enum"] as? [String] ?? []) == violations)
        let codes = Self.codes(document)
        for code in Denial.allCases.map(\.rawValue) + ConnectionRefusal.allCases.map(\.rawValue) {
            #expect(codes.contains(code), "\(code)")
        }
    }

    @Test func everyRouteIsDocumented() async throws {
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for (path, methods) in paths where path.hasPrefix("/v1/") || path == "/openapi.json" {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let status = try await Client().send(method, path).status
                // Without `refuseOtherMethods` there is no such method.
                #expect((status == .notFound) == (methods[method.lowercased()] == nil), "\(method) \(path)")
            }
        }
        #expect(Set(paths.keys).isSuperset(of: ["/v1/events", "/v1/pixel.gif", "/healthz", "/readyz", "/metrics"]))
    }
}
