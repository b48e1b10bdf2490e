/// Tokens and their numbers.
struct Vocabulary {
    private var numbers: ByteTable
    private var spellings: [Int32: [UInt8]] = [:]

    /// A vocabulary of tokens with numbers; of two tokens of one number the later is its spelling.
    init(_ tokens: some Collection<(token: String, id: Int32)>) {
        numbers = ByteTable(room: tokens.count)
        spellings.reserveCapacity(tokens.count)
        for (token, id) in tokens {
            let bytes = Array(token.utf8)
            bytes.read { numbers.set($0, to: id) }
            spellings[id] = bytes
        }
    }

    /// How many tokens there are.
    var count: Int { numbers.count }

    /// The number of a token.
    @inline(__always) func id(of token: Text) -> Int32? { numbers.value(of: token) }

    /// The number of a token.
    func id(of token: String) -> Int32? { Array(token.utf8).read { numbers.value(of: $0) } }

    /// The token of a number.
    func token(of id: Int32) -> [UInt8]? { spellings[id] }

    /// The tokens with their numbers.
    var entries: some Collection<(key: Int32, value: [UInt8])> { spellings }

    /// The numbers of the tokens `<0x00>` … `<0xFF>`, by byte; nil for those that are missing.
    var byteTokens: [Int32?] {
        let digits = Array("0123456789ABCDEF")
        return (0..<256).map { id(of: "<0x\(digits[$0 >> 4])\(digits[$0 & 15])>") }
    }
}
