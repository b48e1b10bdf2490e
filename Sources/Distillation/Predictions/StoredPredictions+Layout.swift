import Data
import Learning
import OrderedCollections
import Tensors

/// How the values of stored rows stand in a file.
public enum StoredPrecision: String, Sendable, CaseIterable {
    /// Half precision, two bytes.
    case f16
    /// One byte and a scale for each row.
    case int8

    /// Bytes of a row of `k` values, with its scale.
    func bytes(_ k: Int) -> Int { self == .f16 ? 2 * k : k + 4 }

    /// What is read again of log-probabilities [N, …, k] that were stored.
    func stored(_ values: Tensor) throws -> Tensor {
        switch self {
        case .f16: return try StoredElement.float16.rounded(values)
        case .int8:
            let (whole, scale) = try quantised(values)
            return try Self.restored(whole, scale: scale, kind: .logProbabilities)
        }
    }

    /// Values of one byte [N, …, k] and the scale of each row as they were before. Rounding may give a row of log-probabilities
    /// more than all there is: what is too much comes off every one.
    static func restored(_ whole: Tensor, scale: Tensor, kind: StoredPredictions.Kind?) throws -> Tensor {
        let values = try whole.to(.float32) * scale.unsqueeze(dim: -1)
        guard kind == .logProbabilities else { return values }
        return try values - values.logsumexp(dims: [-1]).clamp(min: .float(0)).unsqueeze(dim: -1)
    }

    /// Whole numbers in −127…127 as floats, and the scale of each row: q·s is nearest to the value. What is less than
    /// e⁻⁶⁰ is stored as that.
    func quantised(_ values: Tensor) throws -> (values: Tensor, scale: Tensor) {
        let values = try values.to(.float32).clamp(min: .float(-60))
        let scale = try (values.abs().amax(dims: [-1]) / Scalar(127.0)).clamp(min: .float(1e-30))
        return (try (values / scale.unsqueeze(dim: -1)).round().clamp(min: .float(-127), max: .float(127)), scale)
    }
}

extension StoredPredictions {
    /// What a network says about a dataset: the logits, or log-probabilities of the most probable classes.
    ///
    /// - Parameter top: how many classes; nil is all.
    /// - Throws: as ``init(top:of:temperature:rest:ids:classes:dataMark:name:)``, and what the network throws.
    public convenience init(
        of teacher: Module, on data: Dataset, top: Int? = nil, temperature: Double = 1, rest: Rest = .bucket
    ) throws {
        let data = try data.withClasses(of: teacher, function: "predictions")
        // Before the teacher is asked, which may take long.
        guard data.count > 0 else {
            throw DistillationError.predictions(
                name: "predictions", problem: "\(data.name) has no examples", help: nil)
        }
        try Dataset.checkNames(data.ids, of: "predictions")
        try requirePositive("predictions", "T", temperature)
        let logits = try predict(teacher, data)
        let name = "predictions of \(data.name)"
        guard let top else {
            try self.init(logits, ids: data.ids, classes: data.classes, dataMark: data.contentMark, name: name)
            tokenizer = data.tokens?.tokenizer
            return
        }
        let layout = try data.layout(outputs: logits.shape.array, function: "predictions")
        guard !layout.isBernoulli, layout.classDim == logits.rank - 1, layout.width > 1 else {
            throw DistillationError.predictions(
                name: name,
                problem: "top= chooses among classes in the last dimension, and the outputs are \(logits.shape)",
                help: "without top= all outputs are stored")
        }
        try self.init(
            top: top, of: logits, temperature: temperature, rest: rest, ids: data.ids, classes: data.classes,
            dataMark: data.contentMark, name: name)
        tokenizer = data.tokens?.tokenizer
    }

    /// The most probable classes of each row of logits, with the mass that is left.
    ///
    /// - Parameters:
    ///   - logits: [N, …, K].
    ///   - top: how many classes; all there are if that is more.
    ///   - temperature: the temperature of the stored log-probabilities.
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` for a number of classes below 1.
    public convenience init(
        top: Int, of logits: Tensor, temperature: Double = 1, rest: Rest = .bucket, ids: [String]? = nil,
        classes: [String]? = nil, dataMark: String? = nil, name: String = "predictions"
    ) throws {
        try requirePositive(name, "T", temperature)
        guard top >= 1, logits.rank >= 2, let width = logits.shape.last, width > 0 else {
            throw DistillationError.predictions(
                name: name, problem: "the \(top) most probable classes of logits \(logits.shape)",
                help: "top= counts from 1, logits are [N, K]")
        }
        let logarithms = try Logits.scaled(logits.detach(), temperature).logSoftmax(dim: -1)
        let (values, indices) = try logarithms.topk(min(top, width), dim: -1)
        let left = try logarithms.scatter(dim: -1, index: indices, .scalar(.float(-.infinity)))
        let tail = top >= width ? nil : try left.logsumexp(dims: [-1]).exp()
        try self.init(
            indices: indices, values: values, kind: .logProbabilities, temperature: temperature, tail: tail, rest: rest,
            ids: ids, classes: classes, width: width, dataMark: dataMark, name: name)
    }

    /// The entropy of each row, in nats: of what is stored, the rest's mass as one class.
    func entropy() throws -> Tensor {
        switch content {
        case .full(let logits):
            let own = try Logits.scaled(logits, temperature).logSoftmax(dim: -1)
            return try own.exp().weighing(own).sum(dims: [-1]).neg()
        case .top(let rows):
            let own = try Tensor.cat([rows.logProbabilities, rows.logTail.unsqueeze(dim: -1)], dim: -1)
            return try own.exp().weighing(own).sum(dims: [-1]).neg()
        }
    }

    /// Bytes of a row in a file of the project's layout.
    public func bytesPerRow(_ precision: StoredPrecision = .f16) -> Int {
        let width = width ?? Int(UInt16.max) + 2
        let k = stored ?? width
        return precision.bytes(k) + (stored == nil ? 0 : k * (width <= 1 << 16 ? 2 : 4) + 4)
    }

    /// The file: `ids` (u16, u32), `values` (f16, or i8 with `scale`), `tail`, `entropy` and `row_id`, with what they mean as
    /// texts. Rows of all classes have no `ids` and no `tail`.
    public func file(_ precision: StoredPrecision = .f16) throws -> SafeTensors {
        var tensors: OrderedDictionary<String, Tensor> = [:]
        var elements: [String: StoredElement] = [:]
        var kind = kind
        var noClass: Int?, isWide = false
        let values: Tensor
        switch content {
        case .full(let logits):
            guard precision == .f16 else {
                throw failure("int8 is for log-probabilities of some classes, and logits of all are stored")
            }
            (values, kind) = (logits, .logits)
            // Beyond the range of half precision logits would come back as infinities.
            isWide = try logits.abs().maskedFill(logits.isinf(), .float(0)).max().itemDouble() > 65_504
        case .top(let rows):
            values = try self.kind == .counts ? rows.logProbabilities.exp() : rows.logProbabilities
            if kind != .counts { kind = .logProbabilities }
            let missing = try rows.indices.lt(.int(0))
            let isNarrow = (try rows.indices.max().item().integer) < 0xFFFF
            let none = isNarrow ? 0xFFFF : 0xFFFF_FFFF
            if try missing.any().item().integer != 0 { noClass = none }
            tensors["ids"] = try rows.indices.maskedFill(missing, .int(none))
            elements["ids"] = isNarrow ? .uint16 : .uint32
            tensors["tail"] = try rows.logTail.exp()
            elements["tail"] = .float16
        }
        switch precision {
        case .f16:
            tensors["values"] = try isWide ? values.to(.float32) : values
            elements["values"] = isWide ? .float32 : .float16
        case .int8:
            let (whole, scale) = try precision.quantised(values)
            tensors["values"] = whole
            elements["values"] = .int8
            tensors["scale"] = scale
        }
        tensors["entropy"] = try entropy()
        elements["entropy"] = .float16
        var metadata: OrderedDictionary<String, String> = [
            "format": Self.format, "kind": kind.rawValue, "T": number(temperature),
        ]
        if let mask { tensors["mask"] = mask }
        // As numbers only what is written like them: 007 is not 7.
        if let ids, case let numbers = ids.compactMap({ Int($0) }), numbers.map({ String($0) }) == ids {
            tensors["row_id"] = try Tensor(numbers)
        } else if let ids {
            metadata["row_id"] = JSON.array(ids.map { .string($0) }).text
        } else {
            tensors["row_id"] = try .arange(.int(count))
        }
        if stored != nil, kind != .counts { metadata["rest"] = rest.rawValue }
        if let width { metadata["width"] = String(width) }
        if let classes { metadata["classes"] = JSON.array(classes.map { .string($0) }).text }
        if let noClass { metadata["no_class"] = String(noClass) }
        if let dataMark { metadata["data"] = dataMark }
        if let tokenizer { metadata["tokenizer"] = tokenizer }
        return SafeTensors(tensors, metadata: metadata, elements: elements)
    }

    /// What the metadata of a file of the project's layout say under `format`.
    static let format = "distill predictions 1"
}
