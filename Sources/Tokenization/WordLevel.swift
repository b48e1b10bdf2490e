/// Whole words.
final class WordLevel: TokenModel {
    let vocabulary: Vocabulary
    private let unknown: Int32?
    private let unknownToken: String

    /// A model of words; `unknownToken` is the token of all others.
    init(_ vocabulary: Vocabulary, unknownToken: String) {
        self.vocabulary = vocabulary
        self.unknownToken = unknownToken
        unknown = vocabulary.id(of: unknownToken)
    }

    func append(_ word: Text, to tokens: inout TokenList) throws {
        guard let id = vocabulary.id(of: word) ?? unknown else { throw TokenizerError.noUnknownToken(unknownToken) }
        tokens.ids.append(id)
    }
}
