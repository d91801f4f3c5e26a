import Testing

/// The whole product as separate processes over real sockets.
///
/// One test at a time: two cores have to do for five processes, a broker and two databases.
@Suite(.serialized)
struct PipelineTests {}
