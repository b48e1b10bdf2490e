import Base
import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors
import Tokenization

extension Tokenizer {
    /// The texts of a dataset as one stream of tokens, cut into blocks whose targets are the tokens behind each.
    ///
    /// - Parameters:
    ///   - length: how many tokens a block has; the last one, which is shorter, is left out unless it is the only one.
    ///   - separator: the token that stands between texts, if one does.
    /// - Throws: ``TokenizerError``; a `value` failure for a dataset without texts, and for texts that fill no block.
    func blocks(of dataset: Dataset, length: Int, separator: Int?, function: String) throws -> Dataset {
        guard let texts = dataset.texts ?? dataset.tokens?.texts else {
            throw Failure(
                .value, "\(function): the dataset holds no texts",
                help: ["read_lines(path) or text_dataset(texts) make one"])
        }
        var stream: [Int] = []
        for text in texts {
            if Interrupt.isRequested { throw Failure(.interrupt, "interrupted") }
            stream += try encode(text, special: false).ids.map(Int.init)
            if let separator { stream.append(separator) }
        }
        guard stream.count > 1 else {
            throw Failure(.value, "\(function): the texts have \(stream.count) tokens, and one has to follow another")
        }
        let width = min(length, stream.count - 1)
        let count = (stream.count - 1) / width
        try Interpreter.claim(count * width, of: 4 * MemoryLayout<Int>.size, for: function)
        let ids = Array(stream[..<(count * width)])
        let next = Array(stream[1...(count * width)])
        let shape = [count, width]
        let ones = try Tensor(Array(repeating: 1, count: count * width), shape: shape)
        let written = try (0..<count).map { try decode(Array(ids[$0 * width..<($0 + 1) * width]), special: true) }
        let tokens = TextTokens(
            tokenizer: mark, lengths: Array(repeating: width, count: count), limit: width, isBucketed: false,
            isTrimmed: false, fills: ["input_ids": 0, "attention_mask": 0], texts: written)
        return try Dataset(
            input: .named(["input_ids": Tensor(ids, shape: shape), "attention_mask": ones]),
            y: Tensor(next, shape: shape),
            mask: ones.ne(.int(0)), target: TargetDeclaration(task: .positions), tokens: tokens, name: dataset.name)
    }
}

extension Library {
    /// Data and text of language models.
    func addLanguageModels() {
        add(
            Builtin(
                "byte_tokenizer", .text, "A tokenizer whose tokens are the 256 bytes: any text, no file.",
                returns: "a tokenizer; the number of a token is its byte",
                seeAlso: ["tokenizer", "language_blocks"],
                examples: [Example("byte_tokenizer()(\"Aé\")", "[65, 195, 169]")]
            ) { () in try Tokenizer.bytes() })
        add(
            Builtin(
                "language_blocks", .text,
                "Texts as one stream of tokens in blocks, each token's target the one behind it: what language models learn from.",
                Parameter<Dataset>("ds", "a dataset of texts"),
                Parameter<Tokenizer>("tokenizer", "what makes tokens of them"),
                Parameter<Int>("length", "how many tokens a block has", default: 128),
                Parameter<Int?>.optional("separator", "the number of a token that stands behind each text"),
                returns:
                    "a dataset: x {input_ids, attention_mask} [N, length], y the next tokens [N, length], task \"positions\"",
                notes: [
                    "Tokens that fill no whole block are left out. perplexity(net, ds) is that of the next tokens."
                ],
                seeAlso: ["tokenize", "generate", "perplexity", "byte_tokenizer"],
                examples: [
                    Example(
                        "ds = language_blocks(text_dataset([\"abcdefg\"]), byte_tokenizer(), length=3); [ds.x[\"input_ids\"].tolist(), ds.y.tolist()]",
                        "[[[97, 98, 99], [100, 101, 102]], [[98, 99, 100], [101, 102, 103]]]")
                ]
            ) { (dataset: Dataset, tokenizer: Tokenizer, length: Int, separator: Int?) in
                guard length >= 1, length <= 1 << 20 else {
                    throw Failure(.value, "language_blocks: length must be 1 to \(1 << 20), not \(length)")
                }
                if let separator, separator < 0 || separator >= tokenizer.count {
                    throw Failure(.value, "language_blocks: token \(separator) of a tokenizer with \(tokenizer.count)")
                }
                return try tokenizer.blocks(
                    of: dataset, length: length, separator: separator, function: "language_blocks")
            })
        addGenerating()
    }

    private func addGenerating() {
        let net = Parameter<Module>("net", "a language model: logits [N, L, V] of token numbers [N, L]")
        let prompt = Parameter<Either<String, [Int]>>("prompt", "what the text begins with: a string, or token numbers")
        let count = Parameter<Int>("max_new_tokens", "how many tokens are written at most", default: 50)
        let temperature = Parameter<Double>(
            "temperature", "of the softmax that is drawn from; 0 takes the likeliest", default: 1)
        let topK = Parameter<Int?>.optional("top_k", "draw among so many of the likeliest")
        let topP = Parameter<Double?>.optional("top_p", "draw among the likeliest that together have this probability")
        let seed = Parameter<Int?>.optional("seed", "decides the draws", defaultText: "the sampling stream")
        let stop = Parameter<Int?>.optional("stop", "the token that ends the text")
        let tokenizer = Parameter<Tokenizer?>.optional("tokenizer", "makes tokens of a string, and a string of tokens")
        add(
            Builtin(
                "generate", .text, "Lets a language model write on, token by token.",
                parameters: [
                    net.description, prompt.description, count.description, temperature.description, topK.description,
                    topP.description, seed.description, stop.description, tokenizer.description,
                ],
                returns: "with tokenizer= a string, else the numbers of the tokens, prompt included",
                notes: [
                    "A network with a method next(input_ids, past), as std/transformers.dist's gpt2 has, keeps keys and values of the tokens before; any other computes the whole text for each token, with the same result."
                ],
                pytorch: .none,
                seeAlso: ["language_blocks"],
                examples: [
                    Example(
                        """
                        net = Sequential(Embedding(4, 4), Linear(4, 4, bias=false))
                        net.load_state_dict({"0.weight": eye(4), "1.weight": tensor([[0.0, 0, 0, 9], [9, 0, 0, 0], [0, 9, 0, 0], [0, 0, 9, 0]])})
                        generate(net, [0], max_new_tokens=4, temperature=0)
                        """, "[0, 1, 2, 3, 0]")
                ]
            ) { call in
                let options = Generation(
                    count: try call[count], temperature: try call[temperature], topK: try call[topK],
                    topP: try call[topP], stop: try call[stop])
                try options.check()
                let tokenizer = try call[tokenizer]
                let start: [Int]
                switch try call[prompt] {
                case .second(let ids): start = ids
                case .first(let text):
                    guard let tokenizer else {
                        throw Failure(
                            .value, "generate: a string needs tokenizer=",
                            help: ["generate(net, \"Once\", tokenizer=t)"],
                            operands: [1: ""])
                    }
                    start = try tokenizer.encode(text, special: false).ids.map(Int.init)
                }
                guard !start.isEmpty else {
                    throw Failure(
                        .value, "generate: the prompt is empty, and a token is needed to begin with", operands: [1: ""])
                }
                var random = GenerationRandom(seed: try call[seed])
                let ids = try options.run(call[net], start, &random, in: call.interpreter)
                guard let tokenizer else { return ids.encode(in: call.interpreter) }
                return try tokenizer.decode(ids).encode(in: call.interpreter)
            })
    }
}
