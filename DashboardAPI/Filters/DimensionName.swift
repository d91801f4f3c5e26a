import Events
import Operations
import Stores

extension QueryParameters {
    /// A dimension that events are counted by, other than `all`.
    /// - Throws: `Problem` with the parameter that the name stands in.
    static func dimension(_ name: some StringProtocol, in parameter: String) throws -> String {
        let name = String(name)
        let known = [eventTypeDimension] + ContextDimension.allCases.map(\.rawValue)
        let isOfMetadata =
            name.hasPrefix(metadataDimensionPrefix)
            && MetadataKeys([String(name.dropFirst(metadataDimensionPrefix.count))]) != nil
        guard known.contains(name) || isOfMetadata else {
            throw problem(
                parameter,
                "must name a dimension: one of \(known.joined(separator: ", ")), or \(metadataDimensionPrefix) with a key after it"
            )
        }
        return name
    }
}
