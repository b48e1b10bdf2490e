import Runtime
import Tensors

extension Library {
    /// Random tensors, and the seed.
    func addRandomTensors() {
        addSeed()
        addRandomFloats()
        addRandomIntegers()
    }

    private func addSeed() {
        add(
            Builtin(
                "manual_seed", .creation, "Sets the seed of all random numbers and starts their streams anew.",
                Parameter<Int>("seed", "any integer"), returns: "none",
                notes: [
                    "The seed is 0 unless this or `--seed` says otherwise: every run gives the same numbers.",
                    "Initialisation, shuffling, dropout and sampling have streams of their own: drawing from one never "
                        + "changes what another gives.",
                ],
                pytorch: .differs("torch.manual_seed", "the numbers are others than PyTorch's"),
                seeAlso: ["rand", "randn", "randperm"],
                examples: [
                    Example("manual_seed(42); a = rand(3); manual_seed(42); allclose(a, rand(3))", "true")
                ]
            ) { (seed: Int) in
                Randomness.seed(UInt64(bitPattern: Int64(seed)))
                return NoValue()
            })
    }

    private func addRandomFloats() {
        add(
            Builtin(
                "rand", .creation, "Random numbers, uniform from 0 up to but not including 1.", Self.size, Self.dtype,
                Self.requiresGrad, returns: "a tensor of shape `size`", pytorch: .same("torch.rand"),
                seeAlso: ["randn", "randint", "manual_seed"],
                examples: [Example("x = rand(100); [(x >= 0).all().item(), (x < 1).all().item()]", "[true, true]")]
            ) { (size: [SizePart], dtype: DType, requiresGrad: Bool) in
                try Tensor.rand(size.sizes(for: "rand"), dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "randn", .creation, "Random numbers from the standard normal distribution.", Self.size, Self.dtype,
                Self.requiresGrad, returns: "a tensor of shape `size`", pytorch: .same("torch.randn"),
                seeAlso: ["rand", "randn_like", "manual_seed"],
                examples: [
                    Example(
                        "x = randn(10000); [(abs(x.mean()) < 0.1).item(), (abs(x.std() - 1) < 0.1).item()]",
                        "[true, true]")
                ]
            ) { (size: [SizePart], dtype: DType, requiresGrad: Bool) in
                try Tensor.randn(size.sizes(for: "randn"), dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "rand_like", .creation, "Random numbers, uniform in [0, 1), in the shape of a tensor.", Self.likeInput,
                returns: "a tensor of the shape and dtype of `input`", notes: ["An integer tensor is a type error."],
                pytorch: .same("torch.rand_like"), seeAlso: ["rand", "randn_like"],
                examples: [Example("rand_like(zeros(2, 3)).shape", "[2, 3]")]
            ) { (input: Tensor) in try input.randLike() })
        add(
            Builtin(
                "randn_like", .creation, "Standard normal random numbers in the shape of a tensor.", Self.likeInput,
                returns: "a tensor of the shape and dtype of `input`", notes: ["An integer tensor is a type error."],
                pytorch: .same("torch.randn_like"), seeAlso: ["randn", "rand_like"],
                examples: [Example("x = zeros(2, 3); (x + 0.1 * randn_like(x)).shape", "[2, 3]")]
            ) { (input: Tensor) in try input.randnLike() })
    }

    private func addRandomIntegers() {
        let high = Parameter<Int>("high", "one above the largest")
        let size = Parameter<Integers>("size", "the shape, a list")
        let dtype = Parameter<DType>("dtype", "the type of the elements", default: .int64)
        add(
            Builtin(
                "randint", .creation, "Random integers from 0 below `high`.", high, size, dtype,
                returns: "a tensor of shape `size`", pytorch: .same("torch.randint"), seeAlso: ["rand", "randperm"],
                examples: [
                    Example(
                        "x = randint(10, [100]); [x.dtype, (x >= 0).all().item(), (x < 10).all().item()]",
                        "[\"int64\", true, true]")
                ]
            ) { (high: Int, size: Integers, dtype: DType) in
                try Tensor.randint(high: high, size.values, dtype: dtype)
            })
        add(
            Builtin(
                "randint", .creation, "Random integers from `low` below `high`.",
                Parameter<Int>("low", "the smallest"), high, size, dtype, returns: "a tensor of shape `size`",
                notes: ["`high` must be above `low`."], pytorch: .same("torch.randint"), seeAlso: ["rand", "randperm"],
                examples: [Example("randint(5, 6, [3]).tolist()", "[5, 5, 5]")]
            ) { (low: Int, high: Int, size: Integers, dtype: DType) in
                try Tensor.randint(low: low, high: high, size.values, dtype: dtype)
            })
        add(
            Builtin(
                "randperm", .creation, "The integers 0 … n − 1 in random order.", Parameter<Int>("n", "how many"),
                returns: "an int64 tensor [n]", notes: ["Drawn from the shuffling stream."],
                pytorch: .same("torch.randperm"), seeAlso: ["randint", "manual_seed"],
                examples: [Example("randperm(10).sort()[0].tolist()", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]")]
            ) { (n: Int) in try Tensor.randperm(n) })
    }
}
