import Base
import Diagnostics
import OrderedCollections
import Runtime
import Tensors
import Tokenization

extension Tokenizer: LanguageObject {
    /// `tokenizer`.
    public static var languageName: String { "tokenizer" }
}

/// Whether texts are filled up to the longest of them, or to which length.
struct PaddingChoice: ValueDecodable {
    /// Whether they are filled up at all.
    let isWanted: Bool
    /// The length that they have at least.
    let length: Int

    static var languageType: LanguageType { .union([.bool, .int]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> PaddingChoice? {
        switch value {
        case .bool(let isWanted): PaddingChoice(isWanted: isWanted, length: 0)
        case .int(let length) where length >= 0: PaddingChoice(isWanted: true, length: length)
        default: nil
        }
    }
}

/// Where a tokenizer comes from: a file or folder, or the pieces themselves.
typealias TokenizerSource = Either<ReadPath, [String]>

/// The numbers of tokens of one text, or of several.
struct TokenNumbers: ValueDecodable {
    let texts: [[Int]]
    let isOne: Bool

    static var languageType: LanguageType { .union([.tensor, .list(.int), .list(.list(.int))]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> TokenNumbers? {
        if case .tensor(let tensor) = value {
            guard tensor.dtype == .int64, let numbers = try? tensor.integers() else { return nil }
            switch tensor.rank {
            case 0, 1: return TokenNumbers(texts: [numbers], isOne: true)
            case 2:
                let width = tensor.shape[1]
                return TokenNumbers(
                    texts: (0..<tensor.shape[0]).map { Array(numbers[$0 * width..<($0 + 1) * width]) }, isOne: false)
            default: return nil
            }
        }
        if let one = [Int].decode(value, in: interpreter) { return TokenNumbers(texts: [one], isOne: true) }
        return [[Int]].decode(value, in: interpreter).map { TokenNumbers(texts: $0, isOne: false) }
    }
}

extension Tokenizer {
    /// Texts as tensors [texts, tokens] under the names that networks take, short ones filled up.
    ///
    /// - Throws: what ``encode(_:special:atMost:)`` throws; a `value` failure for texts of several lengths that are not to be
    ///   filled up.
    func batch(
        _ texts: [String], special: Bool, atMost limit: Int?, padding choice: PaddingChoice
    ) throws -> OrderedDictionary<String, Tensor> {
        let encodings = try texts.map { text in
            if Interrupt.isRequested { throw Failure(.interrupt, "interrupted") }
            return try encode(text, special: special, atMost: limit)
        }
        let width = max(encodings.map(\.ids.count).max() ?? 0, choice.length)
        let isShort = encodings.contains { $0.ids.count < width }
        if isShort, !choice.isWanted {
            throw Failure(
                .value,
                "encode: the texts have \(encodings.map(\.ids.count).min() ?? 0) to \(width) tokens, and no tensor holds rows of several lengths",
                help: ["padding=true fills up the shorter ones", "[t(text) for text in texts] gives a list of lists"])
        }
        guard !isShort || padding != nil else { throw TokenizerError.noPaddingToken }
        let (count, overflows) = texts.count.multipliedReportingOverflow(by: width)
        // Three lists and their tensors.
        try Interpreter.claim(overflows ? .max : count, of: 6 * MemoryLayout<Int>.size, for: "encode")
        var ids: [Int] = [], mask: [Int] = [], types: [Int] = []
        for encoding in encodings {
            let missing = width - encoding.ids.count
            let filling = { (value: Int32) in repeatElement(Int(value), count: missing) }
            func add(_ values: [Int], _ fill: Int32, to list: inout [Int]) {
                if padding?.isLeft == true { list += filling(fill) }
                list += values
                if padding?.isLeft != true { list += filling(fill) }
            }
            add(encoding.ids.map(Int.init), padding?.id ?? 0, to: &ids)
            add(Array(repeating: 1, count: encoding.ids.count), 0, to: &mask)
            add(encoding.types.map(Int.init), padding?.type ?? 0, to: &types)
        }
        let shape = [texts.count, width]
        return [
            "input_ids": try Tensor(ids, shape: shape), "attention_mask": try Tensor(mask, shape: shape),
            "token_type_ids": try Tensor(types, shape: shape),
        ]
    }
}
