import Testing

@Suite struct `Tensors in scripts` {
    private func value(_ source: String) throws -> String { try TensorScripts.value(source) }

    @Test(arguments: [
        ("zeros(2, 3).shape", "[2, 3]"), ("zeros([2, 3]).shape", "[2, 3]"), ("zeros(ones(4, 5).shape).shape", "[4, 5]"),
        ("zeros().shape", "[]"), ("reshape(arange(6), 2, 3).shape", "[2, 3]"),
        ("arange(6).reshape([3, -1]).shape", "[3, 2]"),
        ("full(3, 1).shape", "[3]"),
    ])
    func `A shape is a list or separate integers`(_ source: String, _ expected: String) throws {
        #expect(try value(source) == expected)
    }

    @Test(arguments: [
        ("tensor(3).dtype", "\"int64\""), ("tensor(3.5).dtype", "\"float32\""), ("tensor(true).dtype", "\"bool\""),
        ("tensor([1, 2.5]).dtype", "\"float32\""), ("tensor([true, 2]).dtype", "\"int64\""),
        ("tensor([]).dtype", "\"float32\""), ("tensor([[], []]).shape", "[2, 0]"),
        ("tensor([1, 2], dtype=\"float64\").dtype", "\"float64\""), ("tensor([tensor(1.5), 2]).tolist()", "[1.5, 2.0]"),
        ("tensor([zeros(1).double()]).dtype", "\"float64\""), ("full([1], true).dtype", "\"bool\""),
        ("arange(0, 1, 0.5).dtype", "\"float32\""), ("tensor([9007199254740993]).item()", "9007199254740993"),
        ("tensor(5).tolist()", "5"), ("zeros(2, 0).tolist()", "[[], []]"), ("zeros(0, 2).tolist()", "[]"),
    ])
    func `Numbers decide the dtype, lists the shape`(_ source: String, _ expected: String) throws {
        #expect(try value(source) == expected)
    }

    @Test func `A tensor made from a tensor is a copy`() throws {
        #expect(try value("a = zeros(2); b = tensor(a); b[0] = 1; a.tolist()") == "[0.0, 0.0]")
    }

    @Test(arguments: [
        ("tensor([[1, 2], [3]])", "shape", "tensor: lists of one level must have the same length"),
        ("tensor([1, [2]])", "shape", "tensor: lists of one level must have the same length"),
        ("tensor([\"a\"])", "type", "tensor: lists may hold numbers and bools, not string \"a\""),
        (
            "a = []\nfor i in [1, 2, 3, 4, 5, 6, 7, 8, 9] { a = [a] }\ntensor(a)", "shape",
            "tensor: lists may nest at most 8 deep"
        ),
        ("reshape(zeros(6), 4, 2)", "shape", "reshape: [6] has 6 elements, which do not fit [4, 2]"),
        (
            "zeros(2).to(\"int32\")", "value",
            "to: dtype must be one of \"float32\", \"float64\", \"int64\", \"uint8\", \"bool\", not \"int32\""
        ),
        ("ones(2, 3, 4).T", "shape", "T: expected a matrix, got shape [2, 3, 4]"),
        ("mse_loss(ones(3), ones(3, 1))", "shape", "mse_loss: shapes differ: [3] and [3, 1]"),
        ("clamp(ones(3))", "value", "clamp: min or max must be given"),
        ("ones(3).item()", "shape", "item: expected one element, got shape [3]"),
        ("cat([])", "value", "cat: the list of tensors is empty"),
        ("max(zeros(0))", "shape", "max: no elements to choose from in shape [0]"),
        ("tensor({\"a\": 1})", "type", "tensor: data must be a number or lists of numbers, not dict"),
        ("zeros(2, \"a\")", "type", "zeros: size must be integers or a list of integers, not string \"a\""),
        ("zeros([2], [3])", "type", "zeros: size must be integers or one list of integers, not 2 lists"),
        ("flip(ones(3))", "type", "flip needs the argument dims"),
        ("relu(true)", "type", "relu: a bool is no number"),
        (
            "cross_entropy(zeros(2, 3), tensor([0, 3]))", "value",
            "cross_entropy: class 3 in row 1 is out of range: the input has 3 classes"
        ),
        (
            "x = arange(3); x.requires_grad = true", "type",
            "requires_grad: only float tensors have gradients, this one is int64"
        ),
        ("gradcheck(x => 1, tensor([1.0]))", "type", "gradcheck: the function must give a tensor, not int"),
        (
            "interpolate(zeros(1, 1, 2, 2), [2, 2, 2])", "value",
            "interpolate: size must be int or [height, width], not [2, 2, 2]"
        ),
    ])
    func `Mistakes are named in the words of the field`(_ source: String, _ kind: String, _ message: String) {
        let failure = TensorScripts.failure(source)
        #expect(failure?.kind == kind, "\(source)")
        #expect(failure?.message.hasPrefix(message) == true, "\(source): \(failure?.message ?? "runs")")
    }

    @Test(arguments: [
        ("sin(0.5)", "0.479425538604203"), ("exp(1)", "2.718281828459045"), ("relu(-3)", "0"), ("relu(2.5)", "2.5"),
        ("floor(2.7)", "2"), ("ceil(2.1)", "3"), ("floor(-0.5)", "-1"), ("sign(-2)", "-1"), ("sign(0.5)", "1.0"),
        ("clamp(5, 0, 3)", "3"), ("clamp(-1.5, min=0)", "0"), ("isnan(nan)", "true"), ("isfinite(1)", "true"),
        ("sigmoid(-1000)", "0.0"), ("allclose(gelu(1), 0.8413447460685429)", "true"), ("leaky_relu(-1, 0.25)", "-0.25"),
        ("hardtanh(7)", "1.0"), ("allclose(0.1 + 0.2, 0.3)", "true"), ("log(0)", "-inf"), ("softplus(1000)", "1000.0"),
    ])
    func `Pointwise functions take numbers and give numbers`(_ source: String, _ expected: String) throws {
        #expect(try value(source) == expected)
    }

    @Test(arguments: [
        ("tensor([[1.0, 2.0]]).softmax(dim=1).sum().item()", "1.0"), ("ones(2, 2).mean(0, true).shape", "[1, 2]"),
        ("ones(2, 3, 4).sum(dim=[0, 2]).tolist()", "[8.0, 8.0, 8.0]"), ("ones(2, 3).sum(-1).shape", "[2]"),
        ("ones(4, 3).split(2)[1].shape", "[2, 3]"), ("zeros(2, 3, 4).permute(2, 0, 1).shape", "[4, 2, 3]"),
        ("zeros(2, 3, 4).permute([2, 0, 1]).shape", "[4, 2, 3]"), ("arange(3).flip(dims=0).tolist()", "[2, 1, 0]"),
        ("x = tensor([1, 5, 2]); values, indices = x.max(dim=0); [values.item(), indices.item()]", "[5, 1]"),
        ("x = tensor([1, 5, 2]); values, indices = x.topk(2, largest=false); values.tolist()", "[1, 2]"),
        ("clamp(tensor([1.0, 5.0]), max=tensor([3.0, 4.0])).tolist()", "[1.0, 4.0]"),
        ("where(tensor([true, false]), 1.5, tensor([2.0, 3.0])).tolist()", "[1.5, 3.0]"),
        ("tensor([1, 2]).float().dtype", "\"float32\""), ("tensor([1.5]).int().dtype", "\"int64\""),
        ("zeros(3, 28, 28).unsqueeze(0).shape", "[1, 3, 28, 28]"),
        ("max_pool2d(zeros(1, 1, 4, 6), [2, 3]).shape", "[1, 1, 2, 2]"),
        ("layer_norm(ones(2, 3), [3]).shape", "[2, 3]"),
        ("unique(tensor([3, 1, 3]), return_inverse=true)[1].tolist()", "[1, 0, 1]"),
    ])
    func `Functions take the receiver first`(_ source: String, _ expected: String) throws {
        #expect(try value(source) == expected)
    }

    @Test func `Gradients are asked for, added up and forgotten`() throws {
        #expect(
            try value(
                """
                w = tensor([1.0, 2.0]); w.requires_grad = true
                (w ** 2).sum().backward(); (w * 3).sum().backward()
                first = w.grad.tolist()
                w.grad = none
                [first, w.grad == none]
                """) == "[[5.0, 7.0], true]")
    }

    @Test func `grad gives a list for a list and a tensor for a tensor`() throws {
        #expect(try value("x = tensor(2.0, requires_grad=true); grad(x ** 3, [x])[0].item()") == "12.0")
        #expect(try value("x = tensor(2.0, requires_grad=true); grad(x ** 3, x).item()") == "12.0")
    }

    @Test func `The same seed gives the same numbers, and streams do not disturb each other`() throws {
        #expect(
            try value("manual_seed(1); a = randn(5); manual_seed(1); p = randperm(9); allclose(a, randn(5))") == "true")
        #expect(try value("manual_seed(1); a = randn(5); manual_seed(2); allclose(a, randn(5))") == "false")
        #expect(try value("manual_seed(-1); rand(2).shape") == "[2]")
    }

    @Test(arguments: [
        ("CrossEntropyLoss(label_smoothing=0.1)", "CrossEntropyLoss(label_smoothing=0.1)"),
        ("MSELoss()", "MSELoss()"), ("HuberLoss(delta=2)", "HuberLoss(delta=2.0)"),
        ("CrossEntropyLoss(weight=ones(3))", "CrossEntropyLoss(weight=[3])"),
        ("criterion = L1Loss(); criterion(target=zeros(2), input=ones(2)).item()", "1.0"),
    ])
    func `Losses are objects with options`(_ source: String, _ expected: String) throws {
        #expect(try value(source) == expected)
    }

    @Test func `A loss object checks its arguments`() {
        #expect(TensorScripts.failure("MSELoss()(ones(2))")?.message == "MSELoss needs the argument target")
        #expect(TensorScripts.failure("MSELoss(reduction=\"avg\")")?.kind == "value")
    }

    @Test(arguments: [
        "x => (x ** 3).sum()", "x => softmax(x).log().sum()", "x => gelu(x)", "x => logsumexp(x, 0)", "x => norm(x)",
    ])
    func `Derivatives agree with finite differences`(_ function: String) throws {
        #expect(try value("gradcheck(\(function), tensor([0.5, -1.0, 2.0]))") == "true")
    }
}
