import Builtins
import Runtime
import Testing

@Suite struct `Tensor declarations` {
    let library = TensorScripts.tensors()

    static func builtins(_ library: Library) -> [Builtin] {
        library.functions.values.flatMap(\.overloads) + library.methods.values.flatMap(\.values).flatMap(\.overloads)
    }

    static let names: [String] = """
        tensor zeros ones full eye arange linspace rand randn randint randperm zeros_like ones_like full_like rand_like
        randn_like one_hot
        reshape flatten squeeze unsqueeze transpose permute expand repeat cat stack split chunk flip roll pad gather scatter
        index_select masked_fill where tril triu diag nonzero unique bincount
        abs exp log log1p expm1 sqrt rsqrt sin cos tanh sigmoid erf relu leaky_relu elu gelu silu softplus hardtanh clamp
        sign round floor ceil maximum minimum isnan isinf isfinite allclose
        sum mean var std min max amin amax argmin argmax prod norm logsumexp cumsum any all topk sort argsort
        matmul bmm dot outer einsum linalg_svd linalg_eigh linalg_inv cdist
        linear conv1d conv2d conv_transpose2d max_pool2d avg_pool2d adaptive_avg_pool2d batch_norm layer_norm group_norm
        dropout embedding scaled_dot_product_attention interpolate unfold softmax log_softmax normalize cosine_similarity
        cross_entropy nll_loss kl_div mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy_with_logits
        cosine_embedding_loss
        CrossEntropyLoss KLDivLoss MSELoss L1Loss SmoothL1Loss HuberLoss BCEWithLogitsLoss NLLLoss CosineEmbeddingLoss
        grad gradcheck manual_seed
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test func `Every name of the reference is bound`() {
        for name in Self.names { #expect(library.functions[name] != nil, "\(name)") }
        let methods = library.methods[.tensor] ?? [:]
        for name in "numel item tolist to float double long int bool clone detach backward".split(separator: " ") {
            #expect(methods[String(name)] != nil, "\(name)")
        }
        let attributes = library.attributes[.tensor] ?? [:]
        for name in ["shape", "ndim", "dtype", "requires_grad", "grad", "T"] {
            #expect(attributes[name] != nil, "\(name)")
        }
        #expect(attributes["requires_grad"]?.set != nil)
        #expect(attributes["grad"]?.set != nil)
        #expect(attributes["shape"]?.set == nil)
    }

    @Test func `Every declaration is documented`() {
        for builtin in Self.builtins(library) {
            let name = builtin.name
            #expect(builtin.summary.hasSuffix("."), "\(name): the summary is a sentence")
            #expect(!builtin.group.title.isEmpty, "\(name): has a group")
            #expect(!builtin.result.isEmpty, "\(name): says what it gives")
            #expect(!builtin.examples.isEmpty, "\(name): has an example")
            #expect(builtin.parameters.allSatisfy { !$0.documentation.isEmpty }, "\(name): documents its parameters")
            if case .none = builtin.pytorch { Issue.record("\(name): says how it relates to PyTorch") }
        }
        for attribute in (library.attributes[.tensor] ?? [:]).values {
            #expect(attribute.summary.hasSuffix("."), "\(attribute.name): the summary is a sentence")
            #expect(!attribute.examples.isEmpty, "\(attribute.name): has an example")
        }
    }

    static let examples: [(name: String, example: Example)] = {
        let library = TensorScripts.tensors()
        return builtins(library).flatMap { builtin in builtin.examples.map { (builtin.name, $0) } }
            + (library.attributes[.tensor] ?? [:]).values.flatMap { attribute in
                attribute.examples.map { (attribute.name, $0) }
            }
    }()

    @Test(arguments: examples.indices) func `Every example displays what it says`(_ index: Int) throws {
        let (name, example) = Self.examples[index]
        let lines = try TensorScripts.lines(example.source)
        if let output = example.output { #expect(lines == output, "\(name): \(example.source)") }
    }

    @Test func `What a declaration refers to exists here or elsewhere in the library`() {
        let here = Set(Library.standard().functions.keys).union(library.methods[.tensor]?.keys.map { $0 } ?? [])
            .union(library.attributes[.tensor]?.keys.map { $0 } ?? [])
        for builtin in Self.builtins(library) {
            for name in builtin.seeAlso {
                #expect(here.contains(name), "\(builtin.name): \(name)")
            }
        }
    }
}
