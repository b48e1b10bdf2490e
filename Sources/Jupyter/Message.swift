import Data
import Glibc

/// A message of Jupyter's protocol (5.4): routing identities, four JSON objects and what else is sent along.
package struct Message: Sendable {
    /// Whom the router sends it to, or the topic of a published one.
    package var identities: [[UInt8]]
    /// Identifier, type, session, user, date and version.
    package var header: JSON
    /// The header of the message that this one answers; empty for none.
    package var parent: JSON
    /// What is said about the content.
    package var metadata: JSON
    /// What is said.
    package var content: JSON
    /// Raw bytes that come along.
    package var buffers: [[UInt8]] = []

    /// The version of the protocol.
    package static let protocolVersion = "5.4"
    static let delimiter = Array("<IDS|MSG>".utf8)

    /// The type, such as `execute_request`; empty for a message without one.
    package var type: String { header["msg_type"]?.string ?? "" }

    /// A new message.
    package init(
        _ type: String, content: JSON, parent: JSON = .object([]), metadata: JSON = .object([]), session: String,
        identities: [[UInt8]] = []
    ) {
        self.identities = identities
        header = .object([
            ("msg_id", .string(Message.identifier())), ("msg_type", .string(type)), ("session", .string(session)),
            ("username", .string("distill")), ("date", .string(Message.date())),
            ("version", .string(Message.protocolVersion)),
        ])
        self.parent = parent
        self.metadata = metadata
        self.content = content
    }

    /// The message in some frames; nil when they are none, are not signed with `key`, or hold no JSON objects.
    package init?(frames: [[UInt8]], key: [UInt8]) {
        guard let mark = frames.firstIndex(of: Message.delimiter), frames.count >= mark + 6 else { return nil }
        let parts = Array(frames[(mark + 2)..<(mark + 6)])
        if !key.isEmpty {
            let code = HMAC.hex(of: parts, key: key)
            guard HMAC.equal(Array(code.utf8), frames[mark + 1]) else { return nil }
        }
        let values = parts.compactMap { try? JSON(parsing: $0) }
        guard values.count == 4 else { return nil }
        guard case .object = values[0], case .object = values[3] else { return nil }
        identities = Array(frames[..<mark])
        (header, parent, metadata, content) = (values[0], values[1], values[2], values[3])
        buffers = Array(frames[(mark + 6)...])
    }

    /// The frames of the message, signed with `key`.
    package func frames(key: [UInt8]) -> [[UInt8]] {
        let parts = [header, parent, metadata, content].map { Array($0.text.utf8) }
        let code = key.isEmpty ? "" : HMAC.hex(of: parts, key: key)
        return identities + [Message.delimiter, Array(code.utf8)] + parts + buffers
    }

    /// The signature of the parts of a message: HMAC-SHA256, in hexadecimal digits.
    package static func signature(of parts: [[UInt8]], key: [UInt8]) -> String { HMAC.hex(of: parts, key: key) }

    /// A name that no other message has.
    package static func identifier() -> String {
        // The system's random numbers: those of programs have a seed.
        var source = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &source) }
        return bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// The time, as ISO 8601 writes it, in UTC.
    private static func date() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var seconds = now.tv_sec, parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }.joined(separator: ":")
        return "\(day)T\(time).\(padded(now.tv_nsec / 1000, 6))Z"
    }
}
