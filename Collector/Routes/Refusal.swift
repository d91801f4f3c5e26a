import Compression
import Events
import HTTPTypes
import Operations
import Stores

/// Why a request as a whole is refused.
enum Refusal {
    case notLetIn(Denial, HTTPFields = [:])
    case originNotAllowed(String)
    case unsupportedMediaType
    case unsupportedEncoding
    case bodyTooLarge(limit: Int)
    case notInflatable(ContentCoding, InflateError)
    case invalidJSON(JSONSyntaxError)
    case emptyRequest
    case tooManyEvents(limit: Int)
    case wrongMember(code: String, field: String, String)
    case wrongParameter(code: String, name: String, String)
    case tooBusy
    case notDurable(EventLogError)
}

/// The one place where what went wrong becomes an answer.
extension Problem {
    init(_ refusal: Refusal) {
        switch refusal {
        case .notLetIn(let denial, let fields): self.init(denial, fields)
        case .originNotAllowed(let origin):
            self.init(
                .forbidden, code: "origin_not_allowed", detail: "\(origin.prefix(200)) is not in CORS_ALLOWED_ORIGINS",
                field: "Origin")
        case .unsupportedMediaType:
            self.init(
                .unsupportedMediaType, code: "unsupported_media_type",
                detail: "send application/json, application/x-ndjson or text/plain", field: "Content-Type")
        case .unsupportedEncoding:
            self.init(
                .unsupportedMediaType, code: "unsupported_encoding",
                detail: "send one of \(ContentCoding.list), or none",
                field: "Content-Encoding", headers: [.acceptEncoding: ContentCoding.list])
        case .bodyTooLarge(let limit):
            self.init(
                .contentTooLarge, code: "body_too_large", detail: "a body may have \(limit) bytes; send smaller batches"
            )
        case .notInflatable(let coding, let error): self.init(coding, error)
        case .invalidJSON(let error):
            self.init(
                .badRequest, code: EventViolation.Code.invalidJSON.rawValue,
                detail: "the body is not valid JSON: \(error.reason) at byte \(error.offset)")
        case .emptyRequest: self.init(.badRequest, code: "empty_request", detail: "the body holds no event")
        case .tooManyEvents(let limit):
            self.init(
                .contentTooLarge, code: "too_many_events",
                detail: "a request may hold \(limit) events; send the rest in others")
        case .wrongMember(let code, let field, let message), .wrongParameter(let code, let field, let message):
            self.init(.badRequest, code: code, detail: "\(field) \(message)", field: field)
        case .tooBusy:
            self.init(
                .serviceUnavailable, code: "too_busy", detail: "too many requests at once; send it again later",
                headers: [.retryAfter: "1"])
        case .notDurable(let error): self.init(error)
        }
    }

    private init(_ coding: ContentCoding, _ error: InflateError) {
        let (status, code, what): (HTTPResponse.Status, String, String) =
            switch error {
            case .truncated: (.badRequest, "truncated_encoding", "ends too early")
            case .broken(let reason): (.badRequest, "broken_encoding", "cannot be read: \(reason)")
            case .tooManyMembers(let limit): (.badRequest, "too_many_members", "may have \(limit) members")
            case .tooLarge(let limit): (.contentTooLarge, "inflated_too_large", "may inflate to \(limit) bytes")
            case .tooDense(let limit): (.contentTooLarge, "compression_ratio", "may grow \(limit) times")
            }
        self.init(status, code: code, detail: "the \(coding.rawValue) body \(what)", field: "Content-Encoding")
    }

    private init(_ error: EventLogError) {
        let (code, seconds): (String, Int) =
            switch error.code {
            case .queueFull: ("overloaded", 1)
            case .unreachable, .timedOut, .groupChanged, .consumerLost, .unknownTopic, .notAuthorized, .other:
                ("log_unavailable", 5)
            case .closed: ("shutting_down", 1)
            case .messageTooLarge, .invalidConfiguration: ("log_refuses", 60)
            }
        self.init(
            .serviceUnavailable, code: code,
            detail: "not every event could be made durable; send the whole request again, the same eventId counts once",
            headers: [.retryAfter: "\(seconds)"])
    }
}
