import Stores
import Testing

@testable import MongoStore

@Suite struct MongoErrorTests {
    /// libmongoc's error domains, by their numbers in its documented interface.
    enum Domain: UInt32 {
        case client = 1
        case stream = 2
        case sasl = 7
        case scram = 14
        case serverSelection = 15
        case writeConcern = 16
        case server = 17
        case transaction = 18
    }

    @Test(arguments: [
        (Domain.server, 10107, DatabaseError.Code.unreachable), (Domain.server, 189, .unreachable),
        (Domain.server, 11600, .unreachable), (Domain.server, 91, .unreachable),
        (Domain.server, 50, .timedOut), (Domain.server, 13, .notAuthorized),
        (Domain.server, 18, .notAuthorized), (Domain.server, 112, .contended),
        (Domain.server, 11000, .contended), (Domain.server, 26, .notProvisioned),
        (Domain.server, 121, .refusedValue), (Domain.server, 999_999, .other),
        (Domain.writeConcern, 64, .notDurable), (Domain.writeConcern, 91, .notDurable),
        (Domain.serverSelection, 13053, .unreachable), (Domain.sasl, 5, .notAuthorized),
        (Domain.scram, 5, .notAuthorized), (Domain.transaction, 5, .other),
        (Domain.client, 11, .notAuthorized),
        (Domain.client, 5, .unreachable), (Domain.client, 7, .other), (Domain.stream, 4, .timedOut),
        (Domain.stream, 5, .unreachable),
    ])
    func codesAreMapped(_ domain: Domain, _ code: Int, _ expected: DatabaseError.Code) {
        let error = fault(domain, UInt32(code)).error("a test")
        #expect(error.code == expected && error.cause == "words" && error.store == "mongodb")
        #expect(error.isTransient == (expected != .refusedValue))
    }

    @Test func anInsertIsAccountedForToTheLastDocument() throws {
        let taken = try reply(inserted: 1, errors: [(2, 11000, "dup"), (0, 121, "no")], concernErrors: 0)
        let report = try taken.report(of: 3, fault(Domain.server, 11000), "a test")
        #expect(report.taken == [2] && report.refused.map(\.index) == [0] && report.refused[0].reason == "no")
    }

    @Test func anInsertThatIsNotAccountedForFailsAsAWhole() throws {
        let network = fault(Domain.stream, 4)
        #expect(try failure(inserted: 1, errors: [(2, 11000, "")], 0, network) == .timedOut)
        #expect(try failure(inserted: 0, errors: [], 0, network) == .timedOut)
        #expect(try failure(inserted: 3, errors: [], 1, fault(Domain.writeConcern, 64)) == .notDurable)
        #expect(try failure(inserted: 2, errors: [(1, 11000, "")], 1, fault(Domain.server, 11000)) == .notDurable)
        #expect(
            try failure(inserted: 2, errors: [(1, 10107, "")], 0, fault(Domain.server, 10107)) == .unreachable)
        #expect(try failure(inserted: 2, errors: [(7, 11000, "")], 0, fault(Domain.server, 11000)) == .contended)
    }

    private func fault(_ domain: Domain, _ code: UInt32) -> MongoFault {
        MongoFault(domain: domain.rawValue, code: code, text: "words")
    }

    private func failure(
        inserted: Int32, errors: [(Int32, Int32, String)], _ concernErrors: Int, _ fault: MongoFault
    ) throws -> DatabaseError.Code? {
        let reply = try reply(inserted: inserted, errors: errors, concernErrors: concernErrors)
        return #expect(throws: DatabaseError.self) { try reply.report(of: 3, fault, "a test") }?.code
    }

    private func reply(
        inserted: Int32, errors: [(Int32, Int32, String)], concernErrors: Int
    ) throws -> InsertReply {
        let batch = BSONBatch { reply in
            reply.field("insertedCount", inserted)
            reply.name("writeErrors", BSONType.array)
            reply.document { list in
                for (number, (index, code, message)) in errors.enumerated() {
                    list.name(String(number), BSONType.document)
                    list.document { error in
                        error.field("index", index)
                        error.field("code", code)
                        error.field("errmsg", message)
                    }
                }
            }
            reply.array("writeConcernErrors", (0..<concernErrors).map { "late \($0)" })
        }
        return try InsertReply(try BSONReader(contentsOf: batch.document))
    }
}
