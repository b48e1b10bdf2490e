import OrderedCollections
import Tensors

extension Module {
    /// A copy whose weights of `Linear` and `Conv2d` layers are rounded to 8 bits: for each output channel the multiples
    /// −127 … 127 of max |w| / 127, symmetric about 0. Biases and everything else stay as they are.
    ///
    /// Files hold such weights as bytes (see ``storedState()``), a quarter of their size. In memory they are float32 with
    /// the rounded values, so that the network computes with the kernels and at the speed of the original. They are frozen;
    /// weights that are trained again leave the grid and are float32 in files.
    ///
    /// Source: Jacob et al., 2018 (arXiv:1712.05877), symmetric, per channel, weights alone.
    ///
    /// - Throws: ``ModuleError/noCopy(module:)``, ``ModuleError/export(problem:help:)`` for weights that are not finite.
    public final func quantized() throws -> Module {
        let copy = try copy()
        for (path, module) in copy.namedModules() where module is Linear || module is Conv2d {
            guard let weight = module.ownParameters["weight"] else { continue }
            let scale = try Quantization.scale(of: weight, name: path.isEmpty ? "weight" : path + ".weight")
            try weight.requireGradient(false)
            try Gradients.disabled {
                _ = try weight.copy_(Quantization.widened(Quantization.bytes(of: weight, scale: scale), scale: scale))
            }
            module.quantizationScales["weight"] = scale
        }
        return copy
    }

    /// The state as files hold it: quantised weights are bytes (the multiple plus 128) with the channels' scales beside them
    /// as `weight_scale`, everything else as in ``stateDict()``.
    public final func storedState() throws -> OrderedDictionary<String, Tensor> {
        var state = try stateDict()
        for (path, module) in namedModules() {
            for (name, scale) in module.quantizationScales {
                let full = path.isEmpty ? name : path + "." + name
                guard let weight = state[full] else { continue }
                let bytes = try Quantization.bytes(of: weight, scale: scale)
                // Weights that were trained on since are no multiples any more.
                guard try Quantization.widened(bytes, scale: scale).equals(weight) else { continue }
                state[full] = bytes
                state[full + "_scale"] = scale
            }
        }
        return state
    }

    /// Fills the network from what ``storedState()`` gave; as ``loadStateDict(_:strict:)``, which it calls.
    @discardableResult
    public final func loadStoredState(
        _ stored: OrderedDictionary<String, Tensor>, strict: Bool = true
    ) throws -> (missing: [String], unexpected: [String]) {
        var state = stored
        var scales: OrderedDictionary<String, Tensor> = [:]
        for (name, bytes) in stored where bytes.dtype == .uint8 {
            guard let scale = stored[name + "_scale"], bytes.rank > 0, scale.shape == [bytes.shape[0]] else { continue }
            state[name] = try Quantization.widened(bytes, scale: scale)
            state[name + "_scale"] = nil
            scales[name] = scale
        }
        let result = try loadStateDict(state, strict: strict)
        for (path, module) in namedModules() where module is Linear || module is Conv2d {
            guard let scale = scales[path.isEmpty ? "weight" : path + ".weight"] else { continue }
            module.quantizationScales["weight"] = scale
            try module.ownParameters["weight"]?.requireGradient(false)
        }
        return result
    }
}

/// Weights as 8-bit multiples of a scale for each output channel.
enum Quantization {
    /// max |w| / 127 of each output channel; 1 for a channel of zeros.
    static func scale(of weight: Tensor, name: String) throws -> Tensor {
        let largest = try weight.detach().reshape([weight.shape[0], -1]).abs().amax(dims: [1])
        let scales = try largest.floats().map { $0 == 0 ? 1 : $0 / 127 }
        guard scales.allSatisfy(\.isFinite) else {
            throw ModuleError.export(problem: "\"\(name)\" has weights that are not finite numbers", help: nil)
        }
        return try Tensor(scales)
    }

    private static func perChannel(_ scale: Tensor, _ rank: Int) throws -> Tensor {
        try scale.reshape([scale.count] + [Int](repeating: 1, count: rank - 1))
    }

    /// The nearest multiples, plus 128.
    static func bytes(of weight: Tensor, scale: Tensor) throws -> Tensor {
        let multiples = try weight.detach().to(.float32).div(perChannel(scale, weight.rank)).round()
        return try multiples.clamp(min: .int(-127), max: .int(127)).add(128).to(.uint8)
    }

    /// The numbers that the bytes stand for.
    static func widened(_ bytes: Tensor, scale: Tensor) throws -> Tensor {
        try bytes.to(.float32).sub(128).mul(perChannel(scale, bytes.rank))
    }
}
