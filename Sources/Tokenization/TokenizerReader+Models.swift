extension TokenizerReader {
    /// The kind of the model; files of the first versions do not say it.
    func modelKind() throws -> String {
        let part = try root.required("model")
        if let kind = part.member("type") { return try kind.string() }
        if part.member("merges") != nil { return "BPE" }
        if part.member("vocab")?.json.array != nil { return "Unigram" }
        return part.member("continuing_subword_prefix") == nil ? "WordLevel" : "WordPiece"
    }

    /// The model.
    ///
    /// - Throws: ``TokenizerError``.
    func model(_ kind: String) throws -> any TokenModel {
        let part = try root.required("model")
        switch kind {
        case "WordPiece":
            let longest = try part.member("max_input_chars_per_word")?.integer() ?? 100
            return WordPiece(
                Vocabulary(try part.required("vocab").tokenNumbers()),
                unknownToken: try part.string("unk_token", default: "[UNK]"),
                prefix: try part.string("continuing_subword_prefix", default: "##"), longest: longest)
        case "WordLevel":
            return WordLevel(
                Vocabulary(try part.required("vocab").tokenNumbers()),
                unknownToken: try part.string("unk_token", default: "<unk>"))
        case "BPE": return try pairs(part)
        case "Unigram": return try unigram(part)
        default:
            throw TokenizerError.unknownPart(path: part.path, place: part.place, what: "model", name: kind)
        }
    }

    private func pairs(_ part: FilePart) throws -> BytePairEncoding {
        let vocabulary = Vocabulary(try part.required("vocab").tokenNumbers())
        var options = BytePairEncoding.Options()
        options.unknownToken = try part.member("unk_token")?.string()
        options.prefix = try part.string("continuing_subword_prefix", default: "")
        options.suffix = try part.string("end_of_word_suffix", default: "")
        options.fusesUnknown = try part.bool("fuse_unk", default: false)
        options.fallsBackToBytes = try part.bool("byte_fallback", default: false)
        options.ignoresMerges = try part.bool("ignore_merges", default: false)
        let list = try part.required("merges")
        guard let merges = list.json.array else { throw list.malformed("expected a list") }
        var table = MergeTable(room: merges.count)
        let prefix = options.prefix.utf8.count
        var rank: Int32 = 0
        for (index, merge) in merges.enumerated() {
            let pair: [String]
            if let text = merge.string {
                // Files of the first versions begin with a line of their own, which counts for nothing.
                if text.hasPrefix("#version") { continue }
                pair = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            } else {
                pair = (merge.array ?? []).compactMap(\.string)
            }
            guard pair.count == 2 else {
                throw TokenizerError.malformed(
                    path: part.path, place: "\(list.place)[\(index)]", problem: "expected two tokens")
            }
            let left = Array(pair[0].utf8), right = Array(pair[1].utf8)
            let joined = left + right.dropFirst(prefix)
            guard let first = left.read({ vocabulary.id(of: $0) }), let second = right.read({ vocabulary.id(of: $0) }),
                let result = joined.read({ vocabulary.id(of: $0) })
            else {
                throw TokenizerError.malformed(
                    path: part.path, place: "\(list.place)[\(index)]",
                    problem: "\"\(pair[0])\", \"\(pair[1])\" or what they make is not in the vocabulary")
            }
            table.insert(first, second, rank: rank, result: result)
            rank += 1
        }
        return BytePairEncoding(vocabulary, table, options)
    }

    private func unigram(_ part: FilePart) throws -> Unigram {
        let list = try part.required("vocab")
        guard let entries = list.json.array else { throw list.malformed("expected a list of pieces with scores") }
        let pieces = try entries.enumerated().map { index, entry in
            guard let pair = entry.array, pair.count == 2, let token = pair[0].string, let score = pair[1].double else {
                throw TokenizerError.malformed(
                    path: part.path, place: "\(list.place)[\(index)]", problem: "expected a piece and its score")
            }
            return (token: token, score: score)
        }
        let unknown = try part.member("unk_id")?.id()
        if let unknown, unknown >= pieces.count {
            throw part.malformed("unk_id is \(unknown), and there are \(pieces.count) pieces")
        }
        return Unigram(pieces, unknown: unknown, fallsBackToBytes: try part.bool("byte_fallback", default: false))
    }
}
