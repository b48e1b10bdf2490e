/// What is put around the tokens of a text.
struct PostProcessor {
    /// A part of what comes out.
    enum Part: Equatable {
        /// The text, whose tokens get a type.
        case text(type: Int32)
        /// Special tokens of a type.
        case special(ids: [Int32], tokens: [String], type: Int32)
    }

    /// What is done one after another.
    var steps: [[Part]] = []

    /// How many special tokens it puts in.
    var count: Int {
        steps.joined().reduce(0) { sum, part in
            if case .special(let ids, _, _) = part { sum + ids.count } else { sum }
        }
    }

    /// Puts special tokens, if they are asked for, around those of a text.
    ///
    /// - Parameter spelt: whether spellings are kept.
    func apply(to encoding: inout Encoding, special: Bool, spelt: Bool) {
        for step in steps {
            var result = Encoding()
            for part in step {
                switch part {
                case .text(let type):
                    for (place, spelling) in encoding.spellings {
                        result.spellings[place + result.ids.count] = spelling
                    }
                    result.ids += encoding.ids
                    result.types += repeatElement(type, count: encoding.ids.count)
                case .special(let ids, let tokens, let type):
                    guard special else { continue }
                    for (id, token) in zip(ids, tokens) {
                        if spelt { result.spellings[result.ids.count] = token }
                        result.ids.append(id)
                        result.types.append(type)
                    }
                }
            }
            encoding = result
        }
    }
}

/// A text as tokens.
public struct Encoding: Equatable, Sendable {
    /// The numbers of its tokens.
    public internal(set) var ids: [Int32] = []
    /// The type of each token: which of several texts it belongs to.
    public internal(set) var types: [Int32] = []
    /// The tokens that are spelt otherwise than in the vocabulary, by place; only where somebody asked.
    var spellings: [Int: String] = [:]
}
