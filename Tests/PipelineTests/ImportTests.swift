import Foundation
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// The whole way of an event: an access log goes in at one end, the right visitors come out at the other.
    @Suite(.enabled(if: accessLog != nil, "../shared/data/apache_logs is not there"))
    struct ImportTests {
        @Test("a log's visitors by day and week are those of a recount, also after a second import")
        func importTwice() async throws {
            try await Pipeline.withPipeline { pipeline in
                let recount = try await Recount.of(accessLog!)
                let roles = try await Roles.start(pipeline, workers: 2)
                try await roles.importLog(pipeline)
                try await roles.expectNumbers(recount)
                let before = try await pipeline.totals()
                #expect(before.stored == recount.total[0])

                try await roles.importLog(pipeline)
                try await roles.expectNumbers(recount)
                try await pipeline.verify()
                let after = try await pipeline.totals()
                #expect(after.stored == recount.total[0])
                #expect(after.duplicate == before.duplicate + recount.total[0])
                #expect(after.dead == 0 && after.lost == 0 && after.balanced)
            }
        }

        @Test("kill -9 of a worker in mid-flight changes no number")
        func killWorker() async throws {
            try await Pipeline.withPipeline { pipeline in
                let recount = try await Recount.of(accessLog!)
                var roles = try await Roles.start(pipeline, workers: 1, ["WORKER_BATCH_SIZE": "50"])
                try await roles.importLog(pipeline)
                try await eventually(within: .seconds(60), "some events are stored") {
                    try await pipeline.totals().stored > 500
                }
                roles.workers[0].process.stop()
                let stored = try await pipeline.totals().stored
                #expect(stored < recount.total[0], "the worker was killed too late to matter")
                roles.workers[0] = try await pipeline.start("worker")
                try await roles.expectNumbers(recount)
                let totals = try await pipeline.totals()
                #expect(totals.stored == recount.total[0])
                #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced)
            }
        }

        @Test("a recreated broker begins a new epoch, and the numbers go on rightly")
        func recreateBroker() async throws {
            try await Pipeline.withPipeline { pipeline in
                let recount = try await Recount.of(accessLog!)
                let roles = try await Roles.start(pipeline, workers: 2)
                try await roles.importLog(pipeline)
                try await roles.expectNumbers(recount)
                try await pipeline.recreateBroker()
                try await roles.importLog(pipeline)
                let late =
                    #"{"eventId":"after","userId":"ada","eventType":"page_view","timestamp":"2015-05-20T23:00:00Z"}"#
                #expect(try await post("\(roles.collector.url)/v1/events", late).status == 202)
                try await roles.expectNumbers(recount, moreOn: "2015-05-20")
                let books = try await pipeline.books()
                #expect(Set(books.map(\.partition.epoch)) == [1, 2])
                let totals = try await pipeline.totals()
                #expect(totals.stored == recount.total[0] + 1)
                #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced)
            }
        }
    }
}
