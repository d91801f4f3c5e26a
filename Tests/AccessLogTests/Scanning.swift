import Events

/// Reads an event as the collector does, years after the logs of these tests.
func scan(_ text: [UInt8]) throws -> ScannedEvent {
    try text.withUnsafeBufferPointer { bytes in
        var scanner = EventScanner(bytes, now: 1_746_100_800_000)
        return try scanner.next()
    }
}
