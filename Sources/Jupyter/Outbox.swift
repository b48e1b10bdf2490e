import Data
import Glibc

/// What a kernel sends, in the order in which it is said, from whatever thread; one thread alone speaks to the sockets.
///
/// `@unchecked Sendable`: the mailbox locks, the descriptors never change.
final class Outbox: @unchecked Sendable {
    enum Channel: Sendable { case shell, control, iopub }

    struct Letter: Sendable {
        var channel: Channel
        var message: Message
        /// The stream that a printed text belongs to; such letters are joined while they wait.
        var stream: String?
        var text = ""
        var size: Int

        /// The message as it is sent.
        var finished: Message {
            guard let stream else { return message }
            var message = message
            message.content = .object([("name", .string(stream)), ("text", .string(text))])
            return message
        }
    }

    /// The text that may wait before printing has to.
    private static let room = 16 << 20
    private let box = Mailbox<Letter>()
    private let wake: (read: Int32, write: Int32)
    /// What a new message calls this kernel.
    let session = Message.identifier()

    init?() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wake = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(wake.read)
        Glibc.close(wake.write)
    }

    /// The descriptor that can be read when something waits.
    var descriptor: Int32 { wake.read }

    /// Answers a request on the channel that it came by.
    func reply(_ type: String, _ content: JSON, to request: Request) {
        let message = Message(
            type, content: content, parent: request.message.header, session: session,
            identities: request.message.identities)
        post(Letter(channel: request.channel, message: message, size: 0))
    }

    /// Tells everybody something that belongs to a request.
    func publish(_ type: String, _ content: JSON, metadata: JSON = .object([]), for parent: JSON, size: Int = 0) {
        let message = Message(
            type, content: content, parent: parent, metadata: metadata, session: session,
            identities: [Array("kernel.\(session).\(type)".utf8)])
        post(Letter(channel: .iopub, message: message, size: size))
    }

    /// Printed text. What is printed faster than it is sent is joined, and waits when too much of it does.
    func print(_ text: String, to stream: String, for parent: JSON) {
        box.wait { letters in letters.reduce(0) { $0 + $1.size } < Self.room }
        let joined = box.change { letters in
            guard let last = letters.last, last.stream == stream, last.message.parent == parent, last.size < 1 << 20
            else { return false }
            letters[letters.count - 1].text += text
            letters[letters.count - 1].size += text.utf8.count
            return true
        }
        if joined { return }
        let message = Message(
            "stream", content: .null, parent: parent, session: session,
            identities: [Array("kernel.\(session).stream.\(stream)".utf8)])
        post(Letter(channel: .iopub, message: message, stream: stream, text: text, size: text.utf8.count))
    }

    func post(_ letter: Letter) {
        box.put(letter)
        var byte: UInt8 = 1
        _ = write(wake.write, &byte, 1)
    }

    /// Everything that waits, for the thread that sends.
    func takeAll() -> [Letter] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while read(wake.read, &bytes, bytes.count) > 0 {}
        return box.takeAll()
    }

    /// Ends the waiting of whoever prints.
    func close() { box.close() }
}

/// A message with the channel that it came by.
struct Request: Sendable {
    let message: Message
    let channel: Outbox.Channel
}
