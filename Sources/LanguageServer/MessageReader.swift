import Glibc

/// What arrives on a descriptor, cut into messages at their `Content-Length`.
struct MessageReader {
    /// What was read.
    enum Item {
        case message([UInt8])
        /// A header that gives no length.
        case broken(String)
        case end
    }

    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var length: Int?
    private var hasEnded = false
    private static let longestHeader = 1 << 14
    private static let longestMessage = 1 << 28

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next item; none when nothing whole has arrived and nobody wants to wait.
    mutating func next(waiting: Bool) -> Item? {
        while true {
            if let item = cut() { return item }
            if hasEnded { return .end }
            guard fill(waiting) else { return nil }
        }
    }

    private mutating func cut() -> Item? {
        if length == nil {
            guard let end = headerEnd() else {
                guard bytes.count > Self.longestHeader else { return nil }
                bytes = []
                return .broken("a message begins with `Content-Length: N` and an empty line")
            }
            let header = String(decoding: bytes[..<end], as: UTF8.self)
            bytes.removeFirst(end + 4)
            guard let found = Self.length(in: header), 0...Self.longestMessage ~= found else {
                return .broken("the header gives no length of at most \(Self.longestMessage) bytes")
            }
            length = found
        }
        guard let wanted = length, bytes.count >= wanted else { return nil }
        let message = Array(bytes[..<wanted])
        bytes.removeFirst(wanted)
        length = nil
        return .message(message)
    }

    private func headerEnd() -> Int? {
        guard bytes.count >= 4 else { return nil }
        let limit = min(bytes.count, Self.longestHeader + 4)
        return (0...(limit - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }

    private static func length(in header: String) -> Int? {
        for line in header.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            return Int(parts[1].drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
        return nil
    }

    /// False when nothing is there and nobody waits.
    private mutating func fill(_ waiting: Bool) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&request, 1, waiting ? -1 : 0)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return false }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count > 0 { bytes.append(contentsOf: chunk[..<count]) } else { hasEnded = true }
            return true
        }
    }
}
