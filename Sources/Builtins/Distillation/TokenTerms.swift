import Distillation
import Runtime

extension LayerMatching: StringOption {}
extension HiddenMetric: StringOption {}
extension HiddenPositions: StringOption {}
extension AttentionPart: StringOption {}
extension AttentionMetric: StringOption {}
extension AttentionHeads: StringOption {}
extension PooledMetric: StringOption {}

/// A layer's number, or the teacher's and the student's: `-1`, `21 -> -1`.
struct LayerNumbers: ValueDecodable {
    let teacher: Int
    let student: Int

    static var languageType: LanguageType { .union([.int, .pair]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> LayerNumbers? {
        if case .int(let number) = value { return LayerNumbers(teacher: number, student: number) }
        guard let numbers = PairOf<Int, Int>.decode(value, in: interpreter) else { return nil }
        return LayerNumbers(teacher: numbers.left, student: numbers.right)
    }
}

extension Library {
    private static let layers = Parameter<LayerMatching>(
        "layers",
        "which layers are paired where none are named: \"uniform\" pairs layer m of the student's M with m·N/M of the teacher's N",
        default: .uniform)
    private static let found = "those of layers="

    /// Terms on the tokens of texts.
    static var tokenTerms: [TermDeclaration] {
        [
            TermDeclaration(
                pairs: HiddenTerm.self, layers, Parameter<HiddenMetric>("metric", "the distance", default: .mse),
                Parameter<HiddenPositions>(
                    "positions", "\"first\" compares the first position of each text alone", default: .all),
                pairsDefault: found, adapts: true,
                examples: [
                    Example("h = randn(2, 5, 8); hidden(metric=\"normalized\")(h, 3 * h).item() < 1e-9", "true")
                ]
            ) { HiddenTerm(pairs: $0, matching: $1, metric: $2, positions: $3) },
            TermDeclaration(
                pairs: AttentionMapsTerm.self, layers,
                Parameter<AttentionPart>("of", "what of the attention", default: .scores),
                Parameter<AttentionMetric>("metric", "the distance", default: .mse),
                Parameter<AttentionHeads>("heads", "each head with that of its number, or their mean", default: .all),
                pairsDefault: found,
                examples: [
                    Example("a = randn(2, 4, 5, 5); attention_maps()(a, a + 1).item()", "1.0")
                ]
            ) { AttentionMapsTerm(pairs: $0, matching: $1, part: $2, metric: $3, heads: $4) },
            TermDeclaration(
                pairs: MiniLMTerm.self,
                Parameter<LayerNumbers>(
                    "layer", "the layer of both, counted from 0, or the teacher's and the student's: 21 -> -1",
                    default: LayerNumbers(teacher: -1, student: -1)),
                Parameter<String>(
                    "relations", "pairs of q, k and v: \"qk,vv\" (v1), \"qq,kk,vv\" (v2)", default: "qk,vv"),
                Parameter<Int?>.optional(
                    "heads", "how many relation heads", defaultText: "those of the networks, which must be as many"),
                pairsText: "one \"teacher layer\" -> \"student layer\"", pairsDefault: "those of layer=",
                examples: [
                    Example(
                        "q = randn(2, 4, 5, 8); minilm(relations=\"qq\")(q, q).item() < 1e-6", "true")
                ]
            ) { pairs, layer, relations, heads in
                guard pairs.count <= 1 else { throw Failure(.value, "minilm: compares one pair of layers") }
                return try MiniLMTerm(
                    pair: pairs.first, layers: (layer.teacher, layer.student), relations: relations, heads: heads)
            },
            TermDeclaration(
                pairs: PooledTerm.self, Parameter<PooledMetric>("metric", "the distance", default: .mse),
                pairsDefault: "what the networks give", adapts: true,
                examples: [Example("e = randn(4, 8); pooled(metric=\"cosine\")(e, 2 * e).item() < 1e-6", "true")]
            ) { PooledTerm(pairs: $0, metric: $1) },
            TermDeclaration(
                pairs: PooledSimilarityTerm.self, Parameter<Double>("T", "the temperature", default: 0.05),
                pairsDefault: "what the networks give",
                examples: [Example("e = randn(4, 8); abs(pooled_similarity()(e, 2 * e).item()) < 1e-6", "true")]
            ) { try PooledSimilarityTerm(pairs: $0, temperature: $1) },
        ]
    }
}

extension LayerNumbers: LiteralEncodable {
    var literal: Literal { .int(teacher) }
}
