internal import Stores

extension MongoStore {
    public func provision() async throws {
        let schema = MongoSchema.current(retentionDays: options.retentionDays)
        try await run(.provision) { (client) throws(DatabaseError) in
            for collection in schema.collections { try client.provision(collection) }
        }
    }
}

extension MongoClient {
    fileprivate func provision(_ collection: CollectionDefinition) throws(DatabaseError) {
        try tolerating([.namespaceExists], BSONBatch { $0.field("create", collection.name) })
        for index in collection.indexes {
            let conflicts: Set<ServerCode> = [.indexOptionsConflict, .indexKeySpecsConflict]
            let created = try tolerating(
                index.expireAfterSeconds == nil ? [] : conflicts, index.createCommand(on: collection.name))
            // The index is there with another time: only that may change in place.
            if !created { try tolerating([], index.expiryCommand(on: collection.name)) }
        }
    }

    /// Runs a command of provisioning: `false` where it met one of these errors.
    @discardableResult
    private func tolerating(_ codes: Set<ServerCode>, _ command: BSONBatch) throws(DatabaseError) -> Bool {
        guard let fault = fault(of: command) else { return true }
        guard let code = fault.serverCode, codes.contains(code) else {
            throw fault.error(MongoOperation.provision.doing)
        }
        return false
    }
}

extension IndexDefinition {
    fileprivate func createCommand(on collection: String) -> BSONBatch {
        BSONBatch { command in
            command.field("createIndexes", collection)
            command.name("indexes", BSONType.array)
            command.document { list in
                list.field("0") { index in
                    index.field("key") { key in
                        for field in fields {
                            key.name(field, BSONType.int32)
                            key.append(Int32(1))
                        }
                    }
                    index.field("name", name)
                    if let expireAfterSeconds { index.field("expireAfterSeconds", expireAfterSeconds) }
                }
            }
        }
    }

    fileprivate func expiryCommand(on collection: String) -> BSONBatch {
        BSONBatch { command in
            command.field("collMod", collection)
            command.field("index") { index in
                index.field("name", name)
                index.field("expireAfterSeconds", expireAfterSeconds ?? 0)
            }
        }
    }
}
