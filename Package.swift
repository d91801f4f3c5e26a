// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room of the architecture: one folder, one module.
func room(
    _ name: String, at path: String, _ dependencies: [Target.Dependency], without exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

/// A Debian C library, seen through its module map and shim.
func library(_ name: String, _ pkgConfig: String?, apt: String) -> Target {
    .systemLibrary(
        name: name, path: "Core/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], without exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let asyncAlgorithms: Target.Dependency = .product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

let package = Package(
    name: "tributary",
    products: [
        .executable(name: "tributary", targets: ["Tributary"]),
        .executable(name: "mock-broker", targets: ["MockBroker"]),
        .executable(name: "null-servers", targets: ["NullServers"]),
        .executable(name: "scanner-fuzz", targets: ["ScannerFuzz"]),
        .executable(name: "fold-bench", targets: ["FoldBench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", exact: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms.git", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", exact: "5.7.1"),
    ],
    targets: [
        // Core: what every role stands on.
        room("Events", at: "Core/Events", [crypto]),
        room("Stores", at: "Core/Stores", ["Events"]),
        room("AccessLog", at: "Core/AccessLog", ["Events"]),
        room("JSONSchema", at: "Core/JSONSchema", ["Events"]),
        room("Traffic", at: "Core/Traffic", ["Events", heap]),
        room("Threading", at: "Core/Threading", []),
        // The contract's documents, those that are served built in.
        .target(
            name: "Schemas", path: "schemas", exclude: ["events", "kafka", "mongodb", "postgresql"],
            resources: [.embedInCode("openapi/collector.json"), .embedInCode("openapi/dashboard.json")],
            swiftSettings: strict),
        room("Bitmaps", at: "Core/Bitmaps", ["CRoaring"]),
        room("Compression", at: "Core/Compression", ["CZlib", "CZstd"]),
        room(
            "Operations", at: "Core/Operations",
            [
                "Events", configuration, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, metrics, nio,
                nioHTTP, nioHTTPTypes, nioHTTPTypesHTTP1, nioSSL,
            ]),

        // Core: the embedded engines behind the three protocols.
        room(
            "EmbeddedStores", at: "Core/EmbeddedStores",
            ["Events", "Stores", "Threading", grdb, sqlite, logging, metrics]),

        // Core: the distributed engines behind the three protocols.
        room("KafkaLog", at: "Core/KafkaLog", ["CRDKafka", "Stores", "Threading", logging, metrics]),
        room("MongoStore", at: "Core/MongoStore", ["CMongoC", "Events", "Stores", "Threading", logging, metrics]),
        room("PostgresStore", at: "Core/PostgresStore", ["CPostgres", "Events", "Stores", "Threading", metrics]),
        room("GeoIP", at: "Core/GeoIP", ["CMaxMindDB"]),
        library("CMaxMindDB", "libmaxminddb", apt: "libmaxminddb-dev"),
        library("CRDKafka", "rdkafka", apt: "librdkafka-dev"),
        library("CMongoC", "libmongoc-1.0", apt: "libmongoc-dev"),
        library("CPostgres", "libpq", apt: "libpq-dev"),
        library("CRoaring", nil, apt: "libroaring-dev"),
        library("CZlib", "zlib", apt: "zlib1g-dev"),
        library("CZstd", "libzstd", apt: "libzstd-dev"),

        // The roles: they know Events, Stores and Operations, never an engine and never each other.
        room(
            "Collector", at: "Collector",
            [
                "Compression", "Events", "JSONSchema", "Operations", "Schemas", "Stores", crypto, httpTypes,
                hummingbird, lifecycle, logging, metrics, nio,
            ]),
        room("Worker", at: "Worker", ["Events", "Stores", "Operations", crypto, lifecycle, logging, metrics]),
        room(
            "Aggregator", at: "Aggregator",
            ["Bitmaps", "Events", "Stores", "Operations", crypto, lifecycle, logging, metrics]),
        room(
            "DashboardAPI", at: "DashboardAPI",
            [
                "Bitmaps", "CPage", "Events", "Operations", "Schemas", "Stores", crypto, httpTypes, hummingbird,
                hummingbirdCore,
                httpClient,
                jwtKit, lifecycle, logging, metrics, nio, nioHTTP, nioHTTPTypes, nioHTTPTypesHTTP1, nioWebSocket,
            ], without: ["Page", "CPage"]),
        // The files of the page, within the binary.
        .target(name: "CPage", path: "DashboardAPI/CPage"),

        // The one binary: engines meet roles here only.
        .executableTarget(
            name: "Tributary",
            dependencies: [
                "AccessLog", "Aggregator", "Collector", "DashboardAPI", "Worker",
                "EmbeddedStores", "Events", "GeoIP", "JSONSchema", "KafkaLog", "MongoStore", "Operations",
                "PostgresStore", "Stores", "Traffic", arguments, asyncAlgorithms, configuration, crypto, histogram,
                httpClient, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, metrics, nio,
                nioHTTP,
            ],
            path: "Tributary",
            swiftSettings: strict),

        // Tests, and the broker they run against.
        .executableTarget(
            name: "MockBroker", dependencies: ["CRDKafka"], path: "Tests/MockBroker", swiftSettings: strict,
            // librdkafka must find the broker's own `bind` before libc's (WishedPort.swift says why).
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic-symbol=bind"])]),
        // What `make bench` compares the collector with; here and not in a package of its own, because that would
        // build every dependency once more.
        .executableTarget(
            name: "NullServers", dependencies: [hummingbird, logging, nio, nioHTTP, nioPosix],
            path: "Benchmarks/NullServers", swiftSettings: strict),
        // What `make fuzz` runs under AddressSanitizer.
        .executableTarget(
            name: "ScannerFuzz", dependencies: ["Events", "TestSupport", arguments], path: "Tests/ScannerFuzz",
            exclude: ["oracle.py"], swiftSettings: strict),
        .executableTarget(
            name: "FoldBench", dependencies: ["Aggregator", "EmbeddedStores", "PostgresStore", "Stores"],
            path: "Benchmarks/FoldBench", swiftSettings: strict),
        room("TestSupport", at: "Tests/TestSupport", ["Stores"]),
        room("StoreModels", at: "Tests/StoreModels", ["Events", "Stores"]),
        tests("EventsTests", ["Events"]),
        tests("JSONSchemaTests", ["Events", "JSONSchema"]),
        tests(
            "CollectorTests",
            [
                "Collector", "Compression", "EmbeddedStores", "Events", "JSONSchema", "Operations", "Schemas",
                "StoreModels", "Stores", "TestSupport", httpClient, httpTypes, hummingbird, hummingbirdCore,
                hummingbirdTesting, lifecycle, logging, nio, nioHTTP, nioSSL,
            ]),
        tests(
            "WorkerTests", ["Events", "Operations", "StoreModels", "Stores", "Worker", logging]),
        tests("GeoIPTests", ["GeoIP", "StoreModels"]),
        tests(
            "AggregatorTests",
            [
                "Aggregator", "Bitmaps", "EmbeddedStores", "Events", "PostgresStore", "StoreModels", "Stores",
                "TestSupport",
                logging,
            ]),
        tests(
            "DashboardAPITests",
            [
                "Aggregator", "Bitmaps", "DashboardAPI", "EmbeddedStores", "Events", "Operations", "StoreModels",
                "Stores", "TestSupport", crypto, cryptoExtras, httpClient, httpTypes, hummingbird, hummingbirdCore,
                hummingbirdTesting, jwtKit, lifecycle, logging, nio, nioHTTP,
            ]),
        tests("AccessLogTests", ["AccessLog", "Events", crypto]),
        tests("TrafficTests", ["Events", "Traffic"]),
        tests("BitmapsTests", ["Bitmaps"]),
        tests("CompressionTests", ["Compression"]),
        tests("MongoStoreTests", ["Events", "MongoStore", "Stores", "TestSupport"]),
        tests(
            "OperationsTests",
            [
                "Operations", configuration, httpTypes, hummingbird, hummingbirdTesting, lifecycle, logging, metrics,
                nio,
                nioHTTPTypes,
            ]),
        tests(
            "PipelineTests",
            [
                "EmbeddedStores", "Events", "JSONSchema", "KafkaLog", "MongoStore", "PostgresStore", "Schemas",
                "Stores", "TestSupport", crypto, httpClient, logging, nio, nioHTTP,
            ],
            without: ["recount.py", "recount_duckdb.py", "recount_events.py", "OpenAPI/schemathesis_hooks.py"]),
        tests(
            "ConformanceTests",
            [
                "Bitmaps", "EmbeddedStores", "Events", "KafkaLog", "MongoStore", "PostgresStore", "Stores",
                "TestSupport", grdb,
            ]),
    ]
)
