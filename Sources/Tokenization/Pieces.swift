/// A text on its way to tokens: its parts in order, each still text or already a token.
struct Pieces {
    /// A part.
    struct Piece {
        /// Where its text stands in the bytes.
        var range: Range<Int>
        /// The token it is, if it is one already.
        var token: Int32?
        /// How many of its first bytes were made of the first character of the whole text.
        var head: Int
    }

    /// The texts of all parts.
    private(set) var bytes: [UInt8] = []
    /// The parts that hold something.
    private(set) var pieces: [Piece] = []

    /// No parts.
    init() {}

    /// Adds text, of which some bytes were made of the first character of the whole text.
    mutating func append(text: some Collection<UInt8>, head: Int) {
        guard !text.isEmpty else { return }
        let start = bytes.count
        bytes.append(contentsOf: text)
        pieces.append(Piece(range: start..<bytes.count, token: nil, head: head))
    }

    /// Adds a token with the text that it was.
    mutating func append(token: Int32, text: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        pieces.append(Piece(range: start..<bytes.count, token: token, head: 0))
    }

    /// Divides every part that is no token: `body` is given its text and calls back with the ranges to keep, in order.
    mutating func divide(_ body: (Text, (Range<Int>) -> Void) throws -> Void) rethrows {
        var result: [Piece] = []
        result.reserveCapacity(2 * pieces.count + bytes.count / 4)
        try bytes.read { bytes in
            for piece in pieces {
                guard piece.token == nil else {
                    result.append(piece)
                    continue
                }
                let start = piece.range.lowerBound
                try body(bytes.part(piece.range)) { range in
                    guard !range.isEmpty else { return }
                    result.append(
                        Piece(
                            range: range.lowerBound + start..<range.upperBound + start, token: nil,
                            head: max(0, piece.head - range.lowerBound)))
                }
            }
        }
        pieces = result
    }

    /// Writes every part that is no token anew: `body` is given its text and whether it begins with something of the first
    /// character of the whole text, and appends what it becomes.
    mutating func rewrite(_ body: (Text, Bool, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(2 * bytes.count)
        var kept: [Piece] = []
        kept.reserveCapacity(pieces.count)
        bytes.read { bytes in
            for var piece in pieces {
                let start = result.count
                let text = bytes.part(piece.range)
                if piece.token == nil { body(text, piece.head > 0, &result) } else { result.append(contentsOf: text) }
                piece.range = start..<result.count
                piece.head = min(piece.head, 1)
                if piece.token != nil || !piece.range.isEmpty { kept.append(piece) }
            }
        }
        bytes = result
        pieces = kept
    }
}
