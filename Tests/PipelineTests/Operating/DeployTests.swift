import Foundation
import TestSupport
import Testing

/// What is in `deploy/`, as far as it can be checked without a container runtime or a cluster.
struct DeployTests {
    @Test("manifests, compose file, Dockerfile and their settings are right", .enabled(if: canCheck, "no venv"))
    func files() async throws {
        let result = try await runToEnd(
            repository(file: ".local/venv/bin/python").path,
            [repository(file: "scripts/check-deploy.py").path, "--binary", productPath("tributary")])
        #expect(result.end == .exited(0), "\(result.output)")
        #expect(result.output.contains(" 0 problems"), "\(result.output)")
    }

    @Test(
        "systemd reads the units, and finds them hardened",
        .enabled(if: FileManager.default.isExecutableFile(atPath: systemdAnalyze), "no systemd-analyze"))
    func units() async throws {
        let folder = repository(file: "deploy/systemd")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { ["service", "timer"].contains($0.pathExtension) }
        #expect(files.count == 3)
        try await TemporaryDirectory.with { directory in
            // The program is looked for where it will be; here it is where it was built.
            for file in files {
                try String(contentsOf: file, encoding: .utf8)
                    .replacing("/usr/local/bin/tributary", with: productPath("tributary"))
                    .write(toFile: "\(directory.path)/\(file.lastPathComponent)", atomically: true, encoding: .utf8)
            }
            let units = files.map { "\(directory.path)/\($0.lastPathComponent)" }
            let verified = try await runToEnd(systemdAnalyze, ["verify", "--man=no"] + units)
            #expect(verified.end == .exited(0), "\(verified.output)")
            for unit in units where unit.hasSuffix(".service") {
                // In tenths: 0 is the least exposed, 100 the most.
                let rated = try await runToEnd(systemdAnalyze, ["security", "--offline=yes", "--threshold=20", unit])
                #expect(rated.end == .exited(0), "\(rated.output.suffix(300))")
            }
        }
    }
}

private let systemdAnalyze = "/usr/bin/systemd-analyze"
private let canCheck = FileManager.default.isExecutableFile(
    atPath: repository(file: ".local/venv/bin/kubernetes-validate").path)
