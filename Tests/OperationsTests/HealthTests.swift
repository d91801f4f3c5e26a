import Foundation
import Synchronization
import Testing

@testable import Operations

@Suite struct HealthTests {
    private struct Broken: Error, CustomStringConvertible {
        var description: String { "cannot reach mongodb://root:hunter2hunter2@db:27017/t?authSource=admin now" }
    }

    @Test func allChecksPassing() async throws {
        let health = Health(role: "worker", checks: [HealthCheck(name: "kafka") {}, HealthCheck(name: "mongodb") {}])
        let readiness = await health.readiness()
        #expect(readiness.status == .ready && readiness.failures.isEmpty)
        #expect(
            String(decoding: readiness.json, as: UTF8.self)
                == #"{"status":"ready","checks":[{"name":"kafka","status":"ok"},{"name":"mongodb","status":"ok"}]}"#)
    }

    @Test func aFailingCheckIsNamedWithItsReasonAndNoPassword() async throws {
        let health = Health(
            role: "worker", checks: [HealthCheck(name: "kafka") {}, HealthCheck(name: "mongodb") { throw Broken() }])
        let readiness = await health.readiness()
        #expect(readiness.status == .unready)
        #expect(readiness.failures.map(\.name) == ["mongodb"])
        #expect(readiness.failures[0].reason == "cannot reach mongodb://***@db:27017/t?*** now")
    }

    @Test func aCheckMayPassWithANote() async throws {
        let health = Health(
            role: "collector",
            checks: [.noting(name: "log") { "events go to the spill" }, .noting(name: "disk") { nil }])
        let readiness = await health.readiness()
        #expect(readiness.status == .ready)
        #expect(
            String(decoding: readiness.json, as: UTF8.self).hasSuffix(
                #"[{"name":"log","status":"ok","note":"events go to the spill"},{"name":"disk","status":"ok"}]}"#))
    }

    @Test func checksRunAtTheSameTime() async throws {
        let meeting = Mutex(0)
        let checks = (0..<4).map { index in
            HealthCheck(name: "\(index)") {
                meeting.withLock { $0 += 1 }
                while meeting.withLock({ $0 }) < 4 { try await Task.sleep(for: .milliseconds(1)) }
            }
        }
        let readiness = await Health(role: "r", checks: checks).readiness()
        #expect(readiness.status == .ready)
    }

    @Test func aCheckThatHangsIsGivenUpAndNotBegunTwice() async throws {
        let begun = Atomic(0)
        let (stream, release) = AsyncStream.makeStream(of: Void.self)
        let held = Mutex(stream)
        let check = HealthCheck(name: "stuck") {
            begun.add(1, ordering: .relaxed)
            let stream = held.withLock { $0 }
            // Does not heed cancellation, like a C call.
            await Task.detached { for await _ in stream {} }.value
        }
        let health = Health(
            role: "r", checks: [check], timeLimit: .milliseconds(30), cacheTime: .milliseconds(1))
        let first = await health.readiness()
        #expect(first.failures[0].reason.contains("no answer within"))
        try await Task.sleep(for: .milliseconds(5))  // past the cache's time, which is one millisecond
        let second = await health.readiness()
        #expect(second.failures[0].reason.contains("has not come back"))
        #expect(begun.load(ordering: .relaxed) == 1)
        release.finish()
        try await eventually("the check is begun again once it came back") {
            _ = await health.readiness()
            return begun.load(ordering: .relaxed) > 1
        }
    }

    @Test func probesShareAResult() async throws {
        let runs = Atomic(0)
        let check = HealthCheck(name: "counted") {
            runs.add(1, ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(5))
        }
        let health = Health(role: "r", checks: [check], timeLimit: .seconds(2), cacheTime: .seconds(60))
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 { group.addTask { _ = await health.readiness() } }
        }
        _ = await health.readiness()
        #expect(runs.load(ordering: .relaxed) == 1)
    }

    @Test func resultsGrowOld() async throws {
        let runs = Atomic(0)
        let check = HealthCheck(name: "counted") { runs.add(1, ordering: .relaxed) }
        let health = Health(role: "r", checks: [check], timeLimit: .seconds(2), cacheTime: .milliseconds(1))
        try await eventually("a second run") {
            _ = await health.readiness()
            return runs.load(ordering: .relaxed) >= 2
        }
    }

    @Test func drainingIsNotReady() async throws {
        let health = Health(role: "r", checks: [HealthCheck(name: "kafka") {}])
        #expect(await health.readiness().status == .ready)
        await health.startDraining()
        let readiness = await health.readiness()
        #expect(readiness.status == .draining)
        #expect(String(decoding: readiness.json, as: UTF8.self) == #"{"status":"draining","checks":[]}"#)
    }
}
