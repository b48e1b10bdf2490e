import Data
import Tensors

extension ONNXOperator {
    /// `ai.onnx.ml`: trees, linear models and what prepares a table for them. Trees have no gradient (it is 0 almost everywhere);
    /// what they hold is not trained.
    static let learned: [String: ONNXOperator] = [
        "TreeEnsembleClassifier": ONNXOperator(opening: { call in
            let forest = try ONNXForest(call, weights: "class")
            return { try $0.classified(forest) }
        }),
        "TreeEnsembleRegressor": ONNXOperator(opening: { call in
            let forest = try ONNXForest(call, weights: "target")
            return { [try $0.regressed(forest, aggregate: $0.text("aggregate_function", "SUM"))] }
        }),
        "TreeEnsemble": ONNXOperator(opening: { call in
            let kinds = ["AVERAGE", "SUM", "MIN", "MAX"], kind = call.int("aggregate_function", 1)
            guard kinds.indices.contains(kind), call.int("post_transform", 0) == 0 else {
                throw call.refusal("aggregate_function=\(kind) and post_transform are not read")
            }
            let forest = try ONNXForest(call)
            return { [try $0.regressed(forest, aggregate: kinds[kind])] }
        }),
        "LinearClassifier": ONNXOperator { call in
            let scores = try call.linearScores(), isSingle = scores.shape[1] == 1
            guard call.classes.count == (isSingle ? 2 : scores.shape[1]) else {
                throw call.refusal("\(scores.shape[1]) scores for \(call.classes.count) classes")
            }
            // ONNX Runtime decides by the score itself, and shows 1 - s beside it where nothing turns it into a probability.
            guard isSingle else { return [try call.label(scores.argmax(dim: 1)), try call.transformed(scores)] }
            return [
                try call.label(scores.gt(.int(0)).to(.int64).reshape([-1])), try call.paired(scores, isShare: true),
            ]
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
            let x = try call.x(ranks: 1...Shape.maximumRank).to(.float32), last = [x.rank - 1]
            let norm: Tensor
            switch call.text("norm", "MAX") {
            case "MAX": norm = try x.abs().amax(dims: last, keepdim: true)
            case "L1": norm = try x.abs().sum(dims: last, keepdim: true)
            case "L2": norm = try x.norm(p: 2, dims: last, keepdim: true)
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
        let x = try self.x(), count = try size("n_targets", 1), base = forest.base
        guard text("post_transform", "NONE") == "NONE" else { throw refusal("post_transform is not read") }
        guard base.isEmpty || base.count == count else {
            throw refusal("\(base.count) base values for \(count) targets")
        }
        let joined: [Double?]
        switch aggregate {
        case "SUM": joined = try forest.joined(x, targets: count)
        case "AVERAGE":
            joined = try forest.joined(x, targets: count).map { $0.map { $0 / Double(max(forest.count, 1)) } }
        case "MIN": joined = try forest.joined(x, targets: count) { min($0, $1) }
        case "MAX": joined = try forest.joined(x, targets: count) { max($0, $1) }
        default: throw refusal("aggregate_function=\(aggregate) is not read")
        }
        // Programs differ in whether base values count there.
        guard base.isEmpty || !joined.contains(where: { $0 == nil }) else {
            throw refusal("an example that no leaf gives a target to, beside base values, is not read")
        }
        let sums = joined.enumerated().map { ($1 ?? 0) + (base.isEmpty ? 0 : base[$0 % count]) }
        let result = try Tensor(sums, shape: [x.shape[0], count]).to(x.dtype.isFloating ? x.dtype : .float32)
        return withoutGradient(result, for: 0)
    }

    /// The classes of examples and their scores, as ONNX Runtime gives them where what it gives is defined.
    fileprivate func classified(_ forest: ONNXForest) throws -> [Tensor] {
        let x = try self.x(), count = classes.count, base = forest.base
        guard count > 1 else { throw refusal("it names \(count == 0 ? "no classes" : "one class alone")") }
        let scores = try forest.joined(x, targets: count), rows = x.shape[0]
        func tensor(_ numbers: [Double], _ width: Int) throws -> Tensor {
            withoutGradient(try Tensor(numbers, shape: [rows, width]).to(.float32), for: 0)
        }
        // A score above the bound is the second class; shares of one score end at a half, others at 0.
        let bound = forest.isPositive ? 0.5 : 0
        func labels(_ numbers: [Double]) throws -> Tensor { try label(Tensor(numbers.map { $0 > bound ? 1 : 0 })) }
        if count == 2, forest.targets == [0] {
            guard base.count <= 1 else { throw refusal("two base values for one score are not read") }
            let one = (0..<rows).map { (scores[2 * $0] ?? 0) + (base.first ?? 0) }
            return [try labels(one), try paired(tensor(one, 1), isShare: forest.isPositive)]
        }
        let isBothScored = !scores.contains { $0 == nil }
        if count == 2 {
            let isOne = forest.targets.count <= 1
            guard base.isEmpty || !isOne && base.count == 1 else {
                throw refusal("\(base.count) base values are not read")
            }
            guard isOne || isBothScored else {
                throw refusal("an example that only one of two classes has a score for is not read")
            }
        }
        guard base.isEmpty || base.count == count || count == 2 else {
            throw refusal("\(base.count) base values for \(count) classes")
        }
        let all = scores.enumerated().map { ($1 ?? 0) + ($0 % count < base.count ? base[$0 % count] : 0) }
        let result = try transformed(tensor(all, count))
        if count == 2, forest.targets.count == 1 {
            return [try labels((0..<rows).map { all[2 * $0 + 1] }), result]
        }
        // The best of those that have a score.
        let best = (0..<rows).map { row -> Int in
            let own = (0..<count).filter { !base.isEmpty || scores[row * count + $0] != nil }
            return own.max { (all[row * count + $0], $1) < (all[row * count + $1], $0) } ?? 0
        }
        return [try label(Tensor(best)), result]
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

    /// Scores of two classes of which one has a score s: [1 - s, s] for shares, [-s, s], or [σ(-s), σ(s)].
    fileprivate func paired(_ score: Tensor, isShare: Bool) throws -> Tensor {
        let transform = text("post_transform", "NONE")
        switch transform {
        case "LOGISTIC": return try Tensor.cat([score.neg(), score], dim: 1).sigmoid()
        // Of one score ONNX Runtime makes no softmax.
        case "NONE", "SOFTMAX":
            return try Tensor.cat([isShare ? score.neg().add(.int(1)) : score.neg(), score], dim: 1)
        default: throw refusal("post_transform=\(transform) is not read")
        }
    }

    /// Scores of all classes as the option says.
    fileprivate func transformed(_ scores: Tensor) throws -> Tensor {
        let transform = text("post_transform", "NONE")
        switch transform {
        case "NONE": return scores
        case "LOGISTIC": return try scores.sigmoid()
        case "SOFTMAX": return try scores.softmax(dim: 1)
        default: throw refusal("post_transform=\(transform) is not read")
        }
    }

    /// Numbers of classes as labels: where classes are whole numbers, those.
    fileprivate func label(_ classes: Tensor) throws -> Tensor {
        let numbers = ints("classlabels_int64s") ?? ints("classlabels_ints")
        return try numbers.flatMap { try $0.isEmpty ? nil : Tensor($0).indexSelect(dim: 0, index: classes) } ?? classes
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
