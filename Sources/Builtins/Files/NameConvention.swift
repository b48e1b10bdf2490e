/// How somebody else names the parameters of networks that torchvision has too: rules that turn their names into
/// torchvision's.
///
/// Only networks whose results are the same: timm's MobileNetV3 and `tf_` networks have torchvision's shapes with another
/// ε or padding, and are left out.
struct NameConvention {
    /// Whose names they are.
    let name: String
    private let rules: [Rule]

    /// What one name becomes.
    struct Translation {
        /// The name in the file.
        let source: String
        /// The network's.
        let target: String
        /// Which part of the target it is along the first dimension, for what is one tensor there; nothing for the whole.
        let part: Int?
    }

    /// The translations into a network's names: for each name the first rule whose result the network has. Names that no
    /// rule fits stay.
    func translations(
        of names: some Collection<String>, into own: Set<String>
    ) -> (list: [Translation], count: Int) {
        var count = 0
        let list = names.map { name in
            for rule in rules {
                guard let (target, part) = rule.target(of: name), own.contains(target) else { continue }
                count += 1
                return Translation(source: name, target: target, part: part)
            }
            return Translation(source: name, target: name, part: nil)
        }
        return (list, count)
    }

    /// A pattern such as `blocks.{}.norm1.*` and what it becomes, such as `layers.{0}.ln_1.*`: each `{}` is a number, which
    /// `{0}`, `{1+1}` repeat or count up, and `*` the rest. `|1` at the end says which part of the tensor it is.
    private struct Rule {
        let pattern: String
        let result: String

        func target(of name: String) -> (target: String, part: Int?)? {
            var numbers: [Int] = []
            var rest = name[...]
            var pattern = pattern[...]
            while let character = pattern.first {
                if pattern.hasPrefix("{}") {
                    pattern = pattern.dropFirst(2)
                    let digits = rest.prefix { $0.isASCII && $0.isNumber }
                    guard let number = Int(digits) else { return nil }
                    numbers.append(number)
                    rest = rest.dropFirst(digits.count)
                } else if character == "*" {
                    return rest.isEmpty ? nil : filled(numbers, rest)
                } else {
                    guard rest.first == character else { return nil }
                    rest = rest.dropFirst()
                    pattern = pattern.dropFirst()
                }
            }
            return rest.isEmpty ? filled(numbers, "") : nil
        }

        private func filled(_ numbers: [Int], _ rest: Substring) -> (target: String, part: Int?)? {
            var target = ""
            let halves = result.split(separator: "|")
            var text = halves[0]
            while let character = text.first {
                text = text.dropFirst()
                if character == "{", let end = text.firstIndex(of: "}") {
                    let terms = text[..<end].split(separator: "+").compactMap { Int($0) }
                    guard let index = terms.first, numbers.indices.contains(index) else { return nil }
                    target += String(numbers[index] + terms.dropFirst().reduce(0, +))
                    text = text[end...].dropFirst()
                } else {
                    target += character == "*" ? String(rest) : String(character)
                }
            }
            return (target, halves.count > 1 ? Int(halves[1]) : nil)
        }
    }

    private init(_ name: String, _ rules: [(String, String)]) {
        self.name = name
        self.rules = rules.map { Rule(pattern: $0, result: $1) }
    }

    // MARK: Whose

    /// All that are known.
    static let all = [
        NameConvention("timm's", timmTransformer + timmEfficientNet + timmMobileNet + timmConvNext + timmVGG),
        NameConvention("Hugging Face's", facesResNet + facesTransformer + facesConvNext),
        NameConvention("torchvision's of before 2019", olderDenseNet),
    ]

    private static let block = "encoder.layers.encoder_layer_{0}."

    private static let timmTransformer = [
        ("cls_token", "class_token"), ("pos_embed", "encoder.pos_embedding"), ("patch_embed.proj.*", "conv_proj.*"),
        ("blocks.{}.norm1.*", block + "ln_1.*"), ("blocks.{}.norm2.*", block + "ln_2.*"),
        ("blocks.{}.attn.qkv.weight", block + "self_attention.in_proj_weight"),
        ("blocks.{}.attn.qkv.bias", block + "self_attention.in_proj_bias"),
        ("blocks.{}.attn.proj.*", block + "self_attention.out_proj.*"),
        ("blocks.{}.mlp.fc1.*", block + "mlp.0.*"), ("blocks.{}.mlp.fc2.*", block + "mlp.3.*"),
        ("norm.*", "encoder.ln.*"), ("head.*", "heads.head.*"),
    ]

    private static let timmEfficientNet =
        [
            ("conv_stem.*", "features.0.0.*"), ("bn1.*", "features.0.1.*"), ("conv_head.*", "features.8.0.*"),
            ("bn2.*", "features.8.1.*"), ("classifier.*", "classifier.1.*"),
        ]
        + [
            ("conv_dw", "0.0"), ("bn1", "0.1"), ("se.conv_reduce", "1.fc1"), ("se.conv_expand", "1.fc2"),
            ("conv_pw", "2.0"), ("bn2", "2.1"),
        ].map { ("blocks.0.{}.\($0).*", "features.1.{0}.block.\($1).*") }
        + [
            ("conv_pw", "0.0"), ("bn1", "0.1"), ("conv_dw", "1.0"), ("bn2", "1.1"), ("se.conv_reduce", "2.fc1"),
            ("se.conv_expand", "2.fc2"), ("conv_pwl", "3.0"), ("bn3", "3.1"),
        ].map { ("blocks.{}.{}.\($0).*", "features.{0+1}.{1}.block.\($1).*") }

    /// torchvision counts the blocks of MobileNetV2 through, timm within each stage.
    private static let timmMobileNet =
        [("conv_head.*", "features.18.0.*"), ("bn2.*", "features.18.1.*")]
        + [("conv_dw", "0.0"), ("bn1", "0.1"), ("conv_pw", "1"), ("bn2", "2")].map {
            ("blocks.0.{}.\($0).*", "features.{0+1}.conv.\($1).*")
        }
        + zip(1..., [2, 4, 7, 11, 14, 17]).flatMap { stage, first in
            [
                ("conv_pw", "0.0"), ("bn1", "0.1"), ("conv_dw", "1.0"), ("bn2", "1.1"), ("conv_pwl", "2"), ("bn3", "3"),
            ].map { ("blocks.\(stage).{}.\($0).*", "features.{0+\(first)}.conv.\($1).*") }
        }

    private static let timmConvNext =
        [
            ("stem.{}.*", "features.0.{0}.*"), ("head.norm.*", "classifier.0.*"), ("head.fc.*", "classifier.2.*"),
        ]
        + (0..<4).flatMap { stage in
            [("stages.\(stage).downsample.{}.*", "features.\(2 * stage).{0}.*")]
                + [
                    ("gamma", "layer_scale"), ("conv_dw.*", "block.0.*"), ("norm.*", "block.2.*"),
                    ("mlp.fc1.*", "block.3.*"), ("mlp.fc2.*", "block.5.*"),
                ].map { ("stages.\(stage).blocks.{}.\($0)", "features.\(2 * stage + 1).{0}.\($1)") }
        }

    private static let timmVGG = [
        ("features.*", "features.*"), ("pre_logits.fc1.*", "classifier.0.*"), ("pre_logits.fc2.*", "classifier.3.*"),
        ("head.fc.*", "classifier.6.*"),
    ]

    private static let facesResNet = [
        ("resnet.embedder.embedder.convolution.*", "conv1.*"), ("resnet.embedder.embedder.normalization.*", "bn1.*"),
        ("resnet.encoder.stages.{}.layers.{}.shortcut.convolution.*", "layer{0+1}.{1}.downsample.0.*"),
        ("resnet.encoder.stages.{}.layers.{}.shortcut.normalization.*", "layer{0+1}.{1}.downsample.1.*"),
        ("resnet.encoder.stages.{}.layers.{}.layer.{}.convolution.*", "layer{0+1}.{1}.conv{2+1}.*"),
        ("resnet.encoder.stages.{}.layers.{}.layer.{}.normalization.*", "layer{0+1}.{1}.bn{2+1}.*"),
        ("classifier.1.*", "fc.*"),
    ]

    private static let facesTransformer =
        [
            ("vit.embeddings.cls_token", "class_token"),
            ("vit.embeddings.position_embeddings", "encoder.pos_embedding"),
            ("vit.embeddings.patch_embeddings.projection.*", "conv_proj.*"), ("vit.layernorm.*", "encoder.ln.*"),
            ("classifier.*", "heads.head.*"),
        ]
        + [
            ("layernorm_before.*", "ln_1.*"), ("layernorm_after.*", "ln_2.*"),
            ("attention.attention.query.*", "self_attention.in_proj_*|0"),
            ("attention.attention.key.*", "self_attention.in_proj_*|1"),
            ("attention.attention.value.*", "self_attention.in_proj_*|2"),
            ("attention.output.dense.*", "self_attention.out_proj.*"), ("intermediate.dense.*", "mlp.0.*"),
            ("output.dense.*", "mlp.3.*"),
        ].map { ("vit.encoder.layer.{}.\($0)", block + $1) }

    private static let facesConvNext =
        [
            ("convnext.embeddings.patch_embeddings.*", "features.0.0.*"),
            ("convnext.embeddings.layernorm.*", "features.0.1.*"), ("convnext.layernorm.*", "classifier.0.*"),
            ("classifier.*", "classifier.2.*"),
        ]
        + (0..<4).flatMap { stage in
            [("convnext.encoder.stages.\(stage).downsampling_layer.{}.*", "features.\(2 * stage).{0}.*")]
                + [
                    ("layer_scale_parameter", "layer_scale"), ("dwconv.*", "block.0.*"), ("layernorm.*", "block.2.*"),
                    ("pwconv1.*", "block.3.*"), ("pwconv2.*", "block.5.*"),
                ].map { ("convnext.encoder.stages.\(stage).layers.{}.\($0)", "features.\(2 * stage + 1).{0}.\($1)") }
        }

    /// The published DenseNet weights still have these names, which torchvision's own loader changes.
    private static let olderDenseNet = ["norm", "conv"].map { kind in
        (
            "features.denseblock{}.denselayer{}.\(kind).{}.*",
            "features.denseblock{0}.denselayer{1}.\(kind){2}.*"
        )
    }
}
