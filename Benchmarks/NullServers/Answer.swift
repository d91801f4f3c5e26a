import NIOCore

/// What the collector answers to a single event.
let answer = ByteBuffer(string: #"{"accepted":1,"rejected":0,"durability":"kafka","results":[]}"#)
