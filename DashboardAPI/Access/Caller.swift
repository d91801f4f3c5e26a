import HTTPTypes
import Operations

/// Who asks, and what they may see.
public struct Caller: Sendable, Equatable {
    /// What somebody may do.
    public enum Role: String, Sendable, CaseIterable {
        /// Ask about events and visitors.
        case analyst
        /// That, and look after the pipeline.
        case admin
    }

    /// Whose numbers somebody may see.
    public enum Sources: Sendable, Equatable {
        /// Those of every source, also of later ones.
        case all
        /// Those of these sources only.
        case only(Set<String>)
    }

    /// Who it is, as the issuer names them; `nil` for anyone, where the API is open.
    public var subject: String?
    /// What they may do.
    public var roles: Set<Role>
    /// What they may see.
    public var sources: Sources
    /// When this stops being true: milliseconds since 1970; `nil`: never.
    public var expires: Int64?

    /// Describes somebody.
    public init(subject: String?, roles: Set<Role>, sources: Sources, expires: Int64? = nil) {
        (self.subject, self.roles, self.sources, self.expires) = (subject, roles, sources, expires)
    }

    /// Whoever reaches an open API.
    public static let anyone = Caller(subject: nil, roles: [.analyst, .admin], sources: .all)
    /// Who a request comes from before that was found out.
    static let nobody = Caller(subject: nil, roles: [], sources: .only([]))
}

extension Caller {
    /// Throws a 403 unless the caller has the role; an admin has both.
    func require(_ role: Role) throws(Problem) {
        guard !roles.contains(role), !roles.contains(.admin) else { return }
        throw Problem(
            .forbidden, code: "role_required", detail: "this needs the role \(role.rawValue)",
            headers: [.wwwAuthenticate: #"Bearer error="insufficient_scope""#])
    }

    /// Whether the caller may see a source.
    func maySee(_ source: String) -> Bool {
        switch sources {
        case .all: true
        case .only(let permitted): permitted.contains(source)
        }
    }

    /// The sources that a question is about, as stores take them: those named, else all that the caller may see.
    /// - Parameter named: `nil` where none is named.
    /// - Returns: `nil` for all there are.
    /// - Throws: 403 for a source that the caller may not see, whether there is one of that name or not.
    func sources(of named: [String]?) throws(Problem) -> [String]? {
        guard case .only(let permitted) = sources else { return named }
        if let hidden = named?.first(where: { !permitted.contains($0) }) {
            throw Problem(
                .forbidden, code: "source_not_permitted", detail: "the source \(hidden) is not yours to see",
                field: "source")
        }
        if let named { return named }
        guard !permitted.isEmpty else {
            throw Problem(
                .forbidden, code: "source_not_permitted", detail: "your token permits no source", field: "source")
        }
        return permitted.sorted()
    }

    /// A text that is the same for all who see the same: a part of the key of whatever keeps answers.
    var scope: String {
        switch sources {
        case .all: "*"
        case .only(let permitted): permitted.sorted().joined(separator: ",")
        }
    }
}
