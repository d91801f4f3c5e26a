import Foundation
import Schemas
import TestSupport
import Testing

extension PipelineTests {
    /// Requests that nobody thought of, made from the documents by schemathesis: good ones, bad ones, and all that a
    /// schema has at its edges.
    struct SchemathesisTests {
        private static let isLong = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil
        /// What is looked for besides errors of the server. Whether a good request is taken depends on more than a
        /// schema can say, such as the clock.
        private static let checks = [
            "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
            "response_schema_conformance", "unsupported_method", "allow_header_conformance",
        ]

        @Test(
            "every answer that schemathesis can get is documented, and none is an error of ours",
            arguments: OpenAPIDocument.allCases)
        func answers(_ document: OpenAPIDocument) async throws {
            let seed = UInt32.random(in: 0...UInt32.max)
            print("seed \(seed)")
            try await Serve.withServe { serve in
                try await serve.prepare(for: document)
                // It leaves a folder where it runs.
                let process = try startBothStreams(
                    "/bin/sh",
                    [
                        "-c", #"cd "$1" && shift && exec "$@""#, "sh", serve.directory, venvProgram("schemathesis"),
                        "run", serve.url(of: document) + "/openapi.json", "--checks",
                        Self.checks.joined(separator: ","), "--seed", "\(seed)", "--max-examples",
                        Self.isLong ? "2000" : "60", "--max-time", Self.isLong ? "900" : "60", "--phases",
                        "examples,coverage,fuzzing", "--continue-on-failure", "--generation-database", "none",
                        "--suppress-health-check", "all", "--request-timeout", "30", "--warnings", "off", "--no-color",
                    ],
                    environment: [
                        "PATH": "/usr/bin:/bin", "HOME": serve.directory, "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
                        "PYTHONPATH": URL(filePath: #filePath).deletingLastPathComponent().path,
                    ])
                let end = try await process.waitForOutput(within: .seconds(Self.isLong ? 1200 : 240))
                #expect(end == .exited(0), "\(process.lines.joined(separator: "\n"))")
                print(process.lines.suffix(12).joined(separator: "\n"))
                #expect(try await get(serve.url(of: document) + "/readyz").status == 200)
            }
        }
    }
}
