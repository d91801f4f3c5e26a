import Foundation
import Operations
import TestSupport
import Testing

@testable import Collector

struct KeysFileTests {
    private static let hash = String(repeating: "ab", count: 32)

    private func entry(_ more: String = "", id: String = "k1", hash: String = Self.hash) -> String {
        let times = #""created":"2025-05-01T12:00:00Z","changed":"2025-05-01T12:00:00Z""#
        return #"{"id":"\#(id)","source":"web","sha256":"\#(hash)",\#(times)\#(more)}"#
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try KeysFile.records(in: Data(text.utf8))
            return []
        } catch { return error.faults }
    }

    @Test func whatIsWrittenIsRead() throws {
        var file = KeysFile()
        for number in 0..<5 {
            var record = KeyRecord.make(source: "web", at: noon + Int64(number)).record
            if number > 0 { record.isServer = true }
            if number > 1 { record.maximumEventAge = .seconds(3600) }
            if number > 2 { (record.dailyQuota, record.expires) = (7, noon + 1_000) }
            file.records.append(record)
        }
        let revocations = (0..<2).map { _ in file.revoke(file.records[4].id, at: noon + 9) }
        #expect(revocations == [true, false], "only once")
        #expect(try KeysFile.records(in: try file.encoded()) == file.records)
    }

    @Test func keysAreNeverAlikeAndNotKept() throws {
        var file = KeysFile()
        let made = (0..<100).map { _ in KeyRecord.make(source: "web", at: noon) }
        #expect(Set(made.map(\.key)).count == 100)
        #expect(made.allSatisfy { $0.key.wholeMatch(of: /trb_[a-z2-9]{10}_[A-Za-z0-9_-]{43}/) != nil })
        file.records = made.map(\.record)
        let text = String(decoding: try file.encoded(), as: UTF8.self)
        for (key, record) in made {
            #expect(!text.contains(key.suffix(43)) && text.contains(record.id) && key.contains(record.id))
        }
    }

    @Test(arguments: [
        ("", "must be a JSON object"), ("[]", "must be a JSON object"), ("{}", "must be a JSON object"),
        (#"{"keys":{}}"#, "must be a JSON object"), (#"{"keys":[],"key":1}"#, "must be a JSON object"),
        (#"{"keys":[7]}"#, "entry 1: must be an object"),
    ]) func aBrokenFileIsRefused(text: String, fault: String) {
        #expect(faults(text).first?.contains(fault) == true)
    }

    @Test(arguments: [
        (#","expire":"2030-01-01T00:00:00Z""#, "unknown members: expire"), (#","server":"yes""#, "server must be true"),
        (#","server":1"#, "server must be true"), (#","maximumEventAge":"30d""#, "maximumEventAge must be"),
        (#","maximumEventAge":30"#, "maximumEventAge must be"), (#","dailyQuota":0"#, "dailyQuota must be"),
        (#","dailyQuota":1.5"#, "dailyQuota must be"), (#","expires":"soon""#, "expires must be an RFC 3339"),
    ]) func aWrongMemberIsRefused(more: String, fault: String) {
        let found = faults("{\"keys\":[\(entry()),\(entry(more, id: "k2", hash: String(repeating: "0", count: 64)))]}")
        #expect(found.count == 1 && found[0].hasPrefix("entry 2: \(fault)"), "\(found)")
    }

    @Test func allFaultsAreFoundAtOnce() {
        let found = faults(
            "{\"keys\":[\(entry()),\(entry()),\(entry(id: "a b")),\(entry(hash: "AB")),{\"id\":\"x\",\"source\":\"A\"}]}"
        )
        #expect(found.count == 5, "\(found)")
        #expect(!found.contains { $0.contains(Self.hash) })
    }

    @Test func aFileIsReplacedAsAWhole() async throws {
        try await TemporaryDirectory.with { directory in
            let (path, link) = ("\(directory.path)/keys.json", "\(directory.path)/link.json")
            let record = KeyRecord.make(source: "web", at: noon).record
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            // At the same time, by the file's own name and by a link: none of them is lost.
            try await withThrowingTaskGroup { tasks in
                for number in 0..<20 {
                    tasks.addTask {
                        try KeysFile.update(number % 2 == 0 ? path : link, mayCreate: false) {
                            $0.records.append(KeyRecord.make(source: "app", at: noon).record)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try KeysFile(path: path).records.count == 21)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(
                try Set(FileManager.default.contentsOfDirectory(atPath: directory.path)) == ["keys.json", "link.json"])
            // A change that fails changes nothing, and a bad file is not overwritten.
            struct Stop: Error {}
            #expect(throws: Stop.self) { try KeysFile.update(path, mayCreate: true) { _ in throw Stop() } }
            #expect(try KeysFile(path: path).records.count == 21)
            try Data("{".utf8).write(to: URL(filePath: path))
            #expect(throws: KeysFileError.self) { try KeysFile.update(path, mayCreate: true) { _ in } }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("{".utf8))
            #expect(throws: KeysFileError.self) { try KeysFile(path: "\(directory.path)/none") }
        }
    }
}

/// Keys while a collector runs.
struct ReloadedKeysTests {
    private func refusal(_ keys: WriteKeys, _ key: String?, at now: Int64 = noon) -> Denial? {
        do {
            _ = try keys.entry(forKey: key, at: now)
            return nil
        } catch { return error }
    }

    @Test func aReloadIsAllOrNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/keys.json"
            try KeysFile.update(path, mayCreate: true) { _ in }
            let keys = try WriteKeys(["fixed": "fixed-source"], file: path)
            #expect(!keys.isOpen && refusal(keys, nil) == .missingKey && refusal(keys, "x") == .unknownKey)
            #expect(try keys.entry(forKey: "fixed", at: noon).source == "fixed-source")

            var (key, record) = KeyRecord.make(source: "web", at: noon)
            record.expires = noon + 10
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
            #expect(refusal(keys, key) == .unknownKey)
            #expect(try keys.reload() == "1 keys of 1 sources, 0 revoked")
            #expect(try keys.entry(forKey: key, at: noon + 9).id == record.id)
            #expect(refusal(keys, key, at: noon + 10) == .expiredKey)

            try Data("{\"keys\":[{}]}".utf8).write(to: URL(filePath: path))
            #expect(throws: KeysFileError.self) { try keys.reload() }
            #expect(refusal(keys, key) == nil && refusal(keys, "fixed") == nil)

            try FileManager.default.removeItem(atPath: path)
            record.revoked = noon
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
            _ = try keys.reload()
            #expect(refusal(keys, key) == .revokedKey)
        }
    }

    @Test func whatWasUsedIsNotForgotten() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/keys.json"
            let (key, record) = KeyRecord.make(source: "web", at: noon)
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
            let keys = try WriteKeys([:], file: path)
            let before = try keys.entry(forKey: key, at: noon)
            #expect(before.use.bucket.takeAll(5, at: 100, by: BucketRule(interval: 10, burst: 5)))
            try KeysFile.update(path, mayCreate: true) { $0.records[0].isServer = true }
            _ = try keys.reload()
            let after = try keys.entry(forKey: key, at: noon)
            #expect(after.isServer && after.use === before.use)
        }
    }
}
