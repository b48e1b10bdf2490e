/// Why a request has no result, with the code of JSON-RPC and the protocol.
struct ResponseError: Error {
    let code: Int
    let message: String

    static func noJSON(_ reason: String) -> ResponseError { ResponseError(code: -32700, message: reason) }
    static func invalidRequest(_ reason: String) -> ResponseError { ResponseError(code: -32600, message: reason) }
    static func unknownMethod(_ name: String) -> ResponseError {
        ResponseError(code: -32601, message: "this server does not answer \(name)")
    }
    static func invalidParameters(_ reason: String) -> ResponseError { ResponseError(code: -32602, message: reason) }
    static let notInitialized = ResponseError(code: -32002, message: "initialize comes first")
    static let cancelled = ResponseError(code: -32800, message: "cancelled")
    static func failed(_ reason: String) -> ResponseError { ResponseError(code: -32803, message: reason) }
}
