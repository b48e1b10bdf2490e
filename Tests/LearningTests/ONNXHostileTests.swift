import Base
import Data
import Foundation
import Learning
import Tensors
import Testing

/// Operators with options and inputs that nobody means: a result or an error, and never more. `scripts/fuzz/onnx` goes on for
/// longer; with DISTILL_FUZZ_SHOW each input is shown before it runs.
@Suite struct `Hostile operators of ONNX` {
    private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    private static let rounds = environment("DISTILL_FUZZ_INPUTS").flatMap { Int($0) } ?? 12
    private static let seed = environment("DISTILL_FUZZ_SEED").flatMap { UInt64($0) } ?? 1

    struct Draw {
        var state: UInt64
        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        mutating func one<T>(_ values: [T]) -> T { values[below(values.count)] }
        /// Mostly what could be meant.
        mutating func int() -> Int {
            below(5) > 0
                ? one([0, 1, 1, 1, 2, 2, 3, -1, -2]) : one([.max, .min, 1 << 38, 1 << 16, 1 << 40, -1 << 31, 4])
        }
        mutating func float() -> Double {
            below(5) > 0 ? one([0, 1, 0.5, -1, 2]) : one([.nan, .infinity, -.infinity, 1e30, -1e30, 1e-30])
        }
        mutating func tensor() throws -> Tensor {
            let shape = (0..<below(5)).map { _ in one([0, 1, 1, 2, 2, 3]) }
            let count = shape.reduce(1, *)
            switch below(6) {
            case 0: return try Tensor((0..<count).map { _ in below(3) == 0 }, shape: shape)
            case 1: return try Tensor((0..<count).map { _ in UInt8(below(6) > 0 ? below(4) : 255) }, shape: shape)
            case 2, 3: return try Tensor((0..<count).map { _ in int() }, shape: shape)
            default:
                let numbers = (0..<count).map { _ in float() }
                return try Tensor(numbers, shape: shape).to(below(8) == 0 ? .float64 : .float32)
            }
        }
    }

    private static let ints = [
        "kernel_shape", "strides", "pads", "dilations", "axes", "output_padding", "output_shape", "perm", "split",
        "starts", "ends", "value_ints", "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids",
        "nodes_falsenodeids", "class_treeids", "class_nodeids", "class_ids", "target_treeids", "target_nodeids",
        "target_ids", "classlabels_int64s", "classlabels_ints", "tree_roots", "leaf_targetids", "nodes_trueleafs",
        "nodes_falseleafs",
    ]
    private static let int = [
        "axis", "group", "ceil_mode", "count_include_pad", "p", "k", "to", "keepdims", "block_size", "blocksize",
        "num_groups", "size", "num_heads", "q_num_heads", "kv_num_heads", "output_height", "output_width",
        "sampling_ratio", "hidden_size", "layout", "linear_before_reset", "training_mode", "onesided", "inverse",
        "exclusive", "reverse", "largest", "sorted", "upper", "time_axis", "batch_axis", "num_outputs", "start", "end",
        "allowzero", "batch_dims", "left_window_size", "right_window_size", "is_causal", "qk_matmul_output_mode",
        "rotary_embedding_dim", "interleaved", "storage_order", "noop_with_empty_axes", "select_last_index",
        "ignore_index", "n_targets", "output_dtype", "dtype", "align_corners", "transA", "transB", "fmod",
        "center_point_box", "value_int", "aggregate_function", "input_forget", "antialias", "exclude_outside",
    ]
    private static let float = [
        "epsilon", "alpha", "beta", "gamma", "scale", "softcap", "momentum", "bias", "lambd", "spatial_scale",
        "extrapolation_value", "cubic_coeff_a", "value_float", "threshold", "replaced_value_float", "value",
    ]
    private static let floats = [
        "scales", "offset", "scale", "imputed_value_floats", "coefficients", "intercepts", "value_floats",
        "base_values", "class_weights", "target_weights", "nodes_values",
    ]
    private static let texts: [(String, [String])] = [
        (
            "mode",
            ["nearest", "linear", "cubic", "constant", "reflect", "edge", "wrap", "max", "avg", "circular", "CRD"]
        ),
        ("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]),
        ("reduction", ["none", "max", "min", "mul", "add", "mean", "sum"]),
        ("direction", ["LEFT", "RIGHT", "reverse", "bidirectional"]),
        ("nearest_mode", ["floor", "ceil", "round_prefer_ceil"]),
        (
            "coordinate_transformation_mode",
            ["asymmetric", "align_corners", "tf_crop_and_resize", "half_pixel", "output_half_pixel"]
        ),
        ("padding_mode", ["border", "reflection", "zeros"]),
        ("equation", ["ij,jk->ik", "ii", "->", "...i,i", ",,,,", "i j -> "]),
        ("update_rule", ["linear", "gated", "delta"]), ("activation", ["silu"]), ("norm", ["L1", "L2", "MAX"]),
        ("post_transform", ["LOGISTIC", "SOFTMAX", "PROBIT"]), ("approximate", ["tanh", "x"]),
        ("keep_aspect_ratio_policy", ["not_larger", "not_smaller"]), ("aggregate_function", ["MIN", "MAX", "AVERAGE"]),
    ]

    static func node(_ name: String, _ domain: String, _ draw: inout Draw) throws -> OneNode {
        var options: [(name: String, value: ONNXModel.Attribute)] = []
        for option in ints where draw.below(3) == 0 {
            let count = draw.below(5)
            options.append((option, .ints((0..<count).map { _ in draw.int() })))
        }
        for option in int where draw.below(3) == 0 { options.append((option, .int(draw.int()))) }
        for option in float where draw.below(4) == 0 { options.append((option, .float(draw.float()))) }
        for option in floats where draw.below(3) == 0 {
            let count = draw.below(5)
            options.append((option, .floats((0..<count).map { _ in draw.float() })))
        }
        for (option, values) in texts where draw.below(2) == 0 { options.append((option, .string(draw.one(values)))) }
        if draw.below(3) == 0 {
            options.append(
                ("nodes_modes", .strings((0..<draw.below(4)).map { _ in draw.one(["LEAF", "BRANCH_LEQ", "x"]) })))
        }
        let count = 1 + draw.below(draw.below(3) == 0 ? 9 : 4)
        let first = try draw.tensor()
        let inputs = try [first] + (1..<max(count, 1)).map { _ in draw.below(8) == 0 ? nil : try draw.tensor() }
        var elements: [Int: StoredElement] = [:]
        for (index, input) in inputs.enumerated() where input?.dtype == .int64 && draw.below(2) == 0 {
            elements[index] = draw.one([.int8, .int16, .int32, .uint16])
        }
        return OneNode(
            name, inputs, options, results: 1 + draw.below(draw.below(4) == 0 ? 4 : 1), domain: domain,
            opset: draw.one([7, 10, 12, 16, 18, 22, 24, 27]), elements: elements)
    }

    @Test(arguments: ONNXOperator.names.flatMap { domain in domain.names.map { (domain.domain, $0) } })
    func `An operator gives a result or an error`(_ domain: String, _ name: String) throws {
        for round in 0..<Self.rounds {
            var draw = Draw(state: Self.seed &+ UInt64(round))
            for letter in name.utf8 { draw.state = (draw.state ^ UInt64(letter)) &* 0x100_0000_01B3 }
            let node = try Self.node(name, domain == "ONNX" ? "" : domain, &draw)
            if Self.environment("DISTILL_FUZZ_SHOW") != nil {
                let inputs = node.inputs.map { $0.map { "\($0.dtype) \($0.shape)" } ?? "-" }.joined(separator: ", ")
                let options = Self.rounds == 1 ? "\(node.options)" : ""
                FileHandle.standardError.write(
                    Data("\(name) \(Self.seed &+ UInt64(round)): \(inputs) \(options)\n".utf8))
            }
            do {
                for input in node.inputs where input?.dtype.isFloating == true && draw.below(2) == 0 {
                    try input?.requireGradient()
                }
                for result in try node.run() where result.requiresGradient && result.count > 0 {
                    try result.sum().backward()
                }
            } catch {
                #expect(error is any DescribedError, "\(name): \(error)")
            }
        }
    }
}
