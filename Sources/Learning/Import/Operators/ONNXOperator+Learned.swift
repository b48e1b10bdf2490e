import Data
import Tensors

extension ONNXOperator {
    /// `ai.onnx.ml`: trees, linear models and what prepares a table for them. Trees have no gradient (it is 0 almost everywhere);
    /// what they hold is not trained.
    static let learned: [String: ONNXOperator] = [
        "TreeEnsembleClassifier": ONNXOperator { call in
            let x = try call.x(), forest = try ONNXForest(call, weights: "class")
            let count = call.classes.count
            guard count > 0 else { throw call.refusal("it names no classes") }
            var scores = try forest.joined(x, targets: max(count, (forest.targets.max() ?? 0) + 1))
            let width = scores.count / max(x.shape[0], 1)
            let base = try call.floats("base_values") ?? call.tensor("base_values_as_tensor")?.doubles() ?? []
            for index in scores.indices where !base.isEmpty { scores[index] += base[index % width % base.count] }
            let all = try Tensor(scores, shape: [x.shape[0], width]).to(.float32)
            return try call.classified(all, isBinary: forest.targets.count == 1 && count <= 2)
        },
        "TreeEnsembleRegressor": .one {
            try $0.regressed(ONNXForest($0, weights: "target"), aggregate: $0.text("aggregate_function", "SUM"))
        },
        "TreeEnsemble": .one { call in
            let kinds = ["AVERAGE", "SUM", "MIN", "MAX"], kind = call.int("aggregate_function", 1)
            guard kinds.indices.contains(kind), call.int("post_transform", 0) == 0 else {
                throw call.refusal("aggregate_function=\(kind) and post_transform are not read")
            }
            return try call.regressed(ONNXForest(call), aggregate: kinds[kind])
        },
        "LinearClassifier": ONNXOperator { call in
            let scores = try call.linearScores()
            return try call.classified(scores, isBinary: scores.shape[1] == 1 && call.classes.count == 2)
        },
        "LinearRegressor": .one { call in
            guard call.text("post_transform", "NONE") == "NONE" else {
                throw call.refusal("post_transform is not read")
            }
            return try call.linearScores()
        },
        "Scaler": .one { call in
            let offset = try Tensor(call.floats("offset") ?? [0]).to(.float32)
            return try call.x().to(.float32).sub(offset).mul(Tensor(call.floats("scale") ?? [1]).to(.float32))
        },
        "Normalizer": .one { call in
            let x = try call.x().to(.float32), last = [x.rank - 1]
            let norm: Tensor
            switch call.text("norm", "MAX") {
            case "MAX": norm = try x.abs().amax(dims: last, keepdim: true)
            case "L1": norm = try x.abs().sum(dims: last, keepdim: true)
            case "L2": norm = try x.square().sum(dims: last, keepdim: true).sqrt()
            case let other: throw call.refusal("norm=\(other) is not read")
            }
            // A row of zeros stays one.
            return try x.div(Tensor.where(norm.eq(.int(0)), .scalar(.float(1)), .tensor(norm)))
        },
        "Imputer": .one { call in
            let x = try call.x()
            guard let values = call.floats("imputed_value_floats"), x.rank == 2, [1, x.shape[1]].contains(values.count)
            else { throw call.refusal("values that do not fit \(x.shape)") }
            let missing = call.float("replaced_value_float", 0)
            let isMissing = missing.isNaN ? try x.isnan() : try x.eq(.float(missing))
            return try Tensor.where(isMissing, .tensor(Tensor(values).to(x.dtype)), .tensor(x))
        },
        "Binarizer": .one { call in
            let x = try call.x()
            return try x.gt(.float(call.float("threshold", 0))).to(x.dtype)
        },
        "ArrayFeatureExtractor": .one { call in
            let x = try call.x(), picks = try call.x(1).to(.int64).reshape([-1])
            let rows = x.rank == 1 ? try x.unsqueeze(dim: 0) : x
            return try rows.indexSelect(dim: rows.rank - 1, index: picks)
        },
        "FeatureVectorizer": .one { call in
            try Tensor.cat(call.inputs.indices.map { try call.x($0).to(.float32) }, dim: 1)
        },
        // A table of class and probability for each row is its numbers in the classes' order.
        "ZipMap": .one { try $0.x() },
    ]
}

extension ONNXCall {
    /// The names of the classes.
    fileprivate var classes: [String] { node.classes ?? [] }

    fileprivate func regressed(_ forest: ONNXForest, aggregate: String) throws -> Tensor {
        let x = try self.x(), count = int("n_targets", 1)
        guard text("post_transform", "NONE") == "NONE" else { throw refusal("post_transform is not read") }
        var sums: [Double]
        switch aggregate {
        case "SUM": sums = try forest.joined(x, targets: count)
        case "AVERAGE": sums = try forest.joined(x, targets: count).map { $0 / Double(max(forest.count, 1)) }
        case "MIN": sums = try forest.joined(x, targets: count, start: .infinity) { min($0, $1) }
        case "MAX": sums = try forest.joined(x, targets: count, start: -.infinity) { max($0, $1) }
        default: throw refusal("aggregate_function=\(aggregate) is not read")
        }
        let base = try floats("base_values") ?? tensor("base_values_as_tensor")?.doubles() ?? []
        for index in sums.indices where !base.isEmpty { sums[index] += base[index % count % base.count] }
        return try Tensor(sums, shape: [x.shape[0], count]).to(x.dtype.isFloating ? x.dtype : .float32)
    }

    /// x Wᵀ + b of options.
    fileprivate func linearScores() throws -> Tensor {
        let x = try self.x().to(.float32), weights = floats("coefficients") ?? []
        guard x.rank == 2, x.shape[1] > 0, !weights.isEmpty, weights.count % x.shape[1] == 0 else {
            throw refusal("\(weights.count) coefficients for \(x.shape)")
        }
        let w = try Tensor(weights, shape: [weights.count / x.shape[1], x.shape[1]]).to(.float32)
        let bias = try floats("intercepts").flatMap { try $0.isEmpty ? nil : Tensor($0).to(.float32) }
        return try x.linear(w, bias: bias)
    }

    /// The number of the best class, and scores for all: of two classes often only one has a score.
    fileprivate func classified(_ given: Tensor, isBinary: Bool) throws -> [Tensor] {
        var scores = given
        let transform = text("post_transform", "NONE")
        if isBinary {
            let one = try scores.narrow(dim: 1, start: 0, length: 1)
            let isTree = node.operation == "TreeEnsembleClassifier"
            let other = transform == "NONE" && isTree ? try one.neg().add(.int(1)) : try one.neg()
            scores = try Tensor.cat([other, one], dim: 1)
        }
        switch transform {
        case "NONE": break
        case "LOGISTIC": scores = try scores.sigmoid()
        case "SOFTMAX": scores = try scores.softmax(dim: 1)
        default: throw refusal("post_transform=\(transform) is not read")
        }
        let best = try scores.argmax(dim: 1)
        // Where classes are whole numbers, that is what the label is.
        let numbers = ints("classlabels_int64s") ?? ints("classlabels_ints")
        let label = try numbers.map { try Tensor($0).indexSelect(dim: 0, index: best) } ?? best
        return [label, scores]
    }
}

extension ONNXModel.Node {
    /// The classes that a classifier names.
    var classes: [String]? {
        for (name, value) in attributes {
            switch (name, value) {
            case ("classlabels_strings", .strings(let texts)) where !texts.isEmpty: return texts
            case ("classlabels_int64s", .ints(let numbers)), ("classlabels_ints", .ints(let numbers)):
                if !numbers.isEmpty { return numbers.map(String.init) }
            default: break
            }
        }
        return nil
    }
}
