import HTTPTypes
public import Hummingbird

extension Router {
    /// Answers 405 with `Allow` where a path exists but not for the request's method; without it such a request is
    /// a 404.
    ///
    /// Call it once, after all routes and all middleware have been added: Hummingbird looks up path and method in
    /// one step, so the methods that a path lacks are given a route that refuses.
    public func refuseOtherMethods() {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace, .query]
        for (_, routes) in Dictionary(grouping: routes, by: { $0.path.description }) {
            let allowed = routes.map(\.method)
            let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            for method in known where !allowed.contains(method) {
                on(routes[0].path, method: method) { _, _ -> Response in
                    throw Problem(
                        .methodNotAllowed, code: "method_not_allowed", detail: "Allowed here: \(list).",
                        headers: [.allow: list])
                }
            }
        }
    }
}

extension HTTPRequest.Method {
    /// A GET with a body, as the IETF has it.
    fileprivate static let query = HTTPRequest.Method("QUERY")!
}
