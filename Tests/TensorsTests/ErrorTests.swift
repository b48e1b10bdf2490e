import Base
import Tensors
import Testing

/// Bad input is an error that names the function, the values that matter and what was expected.
@Suite struct ErrorTests {
    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch let error as any DescribedError {
            return "\(error.kind.rawValue) · \(error.message)"
        } catch { return "\(error)" }
    }

    @Test func `Shapes that do not fit are named`() throws {
        let a = try Tensor.zeros([64, 256]), b = try Tensor.zeros([128, 10]), v = try Tensor.zeros([3])
        #expect(message { _ = try a.matmul(b) } == "shape · matmul: inner sizes differ: [64, 256] @ [128, 10]")
        #expect(message { _ = try a + b } == "shape · +: shapes [64, 256] and [128, 10] do not broadcast")
        #expect(message { _ = try a.mseLoss(b) } == "shape · mse_loss: shapes differ: [64, 256] and [128, 10]")
        #expect(message { _ = try v.reshape([2, -1]) }.hasPrefix("shape · reshape: [3] has 3 elements"))
        #expect(message { _ = try Tensor.cat([a, b], dim: 0) }.hasPrefix("shape · cat: shapes differ"))
        #expect(message { _ = try Tensor.cat([]) } == "value · cat: the list of tensors is empty")
        #expect(message { _ = try v.linear(a) }.hasPrefix("shape · linear: expected 256 features"))
        #expect(message { _ = try Tensor.zeros([2, -1]) } == "shape · zeros: sizes must not be negative, got [2, -1]")
        #expect(
            message {
                _ = try v.argmax(dim: 0).item(); _ = try Tensor.zeros([0]).argmax()
            }.contains("argmax"))
        #expect(
            TensorError.innerSizesDiffer(function: "matmul", left: a.shape, right: b.shape).operands == [
                0: "[64, 256]", 1: "[128, 10]",
            ])
    }

    @Test func `Dimensions and indices are checked`() throws {
        let x = try Tensor.zeros([2, 3])
        #expect(
            message { _ = try x.softmax(dim: 2) }
                == "index · softmax: dim 2 is out of range for shape [2, 3], allowed -2 … 1")
        #expect(
            message { _ = try x.index([.integer(0), .integer(7)]) }
                == "index · index: index 7 is out of range for dim 1 of size 3, allowed -3 … 2")
        #expect(message { _ = try x.index([.integer(0), .integer(0), .integer(0)]) }.contains("too many indices"))
        #expect(message { _ = try x.indexSelect(dim: 0, index: try Tensor([5])) }.contains("index 5 is out of range"))
        #expect(message { _ = try x.sum(dims: [0, 0]) } == "value · sum: dim 0 appears twice in [0, 0]")
        #expect(message { _ = try x.index([.slice(start: nil, stop: nil, step: 0)]) }.contains("step must be not 0"))
        #expect(message { _ = try x.index([.integer(Int.min)]) }.contains("out of range"))
        #expect(message { _ = try x.permute([0, 0]) }.contains("permute"))
        #expect(
            message { _ = try x.crossEntropy(try Tensor([0, 3])) }
                == "value · cross_entropy: class 3 in row 1 is out of range: the input has 3 classes")
    }

    @Test func `Impossible sizes are errors before they are tried`() throws {
        #expect(message { _ = try Tensor.zeros([1 << 40, 1 << 40]) }.hasPrefix("limit · zeros: a tensor of shape"))
        #expect(message { _ = try Tensor.zeros([1 << 44]) }.hasPrefix("limit · tensor: "))
        #expect(message { _ = try Tensor.zeros([Int.max]) }.hasPrefix("limit"))
        #expect(message { _ = try Tensor.arange(.float(1e300)) }.hasPrefix("limit"))
        #expect(message { _ = try Tensor.zeros([1, 1, 1, 1, 1, 1, 1, 1, 1]) }.contains("9 dimensions"))
        #expect(message { _ = try Tensor([0]).oneHot(1 << 44) }.hasPrefix("limit"))
        #expect(message { _ = try Tensor([0]).repeat([1 << 40]) }.hasPrefix("limit"))
        #expect(message { _ = try Tensor.linspace(0, 1, steps: 1 << 44) }.hasPrefix("limit"))
        #expect(message { _ = try Tensor.randperm(1 << 44) }.hasPrefix("limit"))
        let x = try Tensor.zeros([1 << 20, 1]), y = try Tensor.zeros([1, 1 << 20])
        #expect(message { _ = try x + y }.hasPrefix("limit"))
    }

    @Test func `Dtypes are checked`() throws {
        let whole = try Tensor([1, 2, 3]), real = try Tensor([1, 2, 3] as [Float])
        #expect(message { _ = try whole.mean() } == "type · mean: expected a float tensor, got int64")
        #expect(message { _ = try whole.requireGradient() }.hasPrefix("type · requires_grad"))
        #expect(message { _ = try whole.floorDivide(0) } == "math · //: division by zero")
        #expect(message { _ = try whole.remainder(try Tensor([1, 0, 2])) } == "math · %: division by zero")
        #expect(message { _ = try whole.pow(-1) }.hasPrefix("math · **"))
        #expect(message { _ = try real.matmul(whole) } == "type · matmul: dtypes differ: float32 and int64")
        #expect(message { _ = try real.bitwiseNot() }.hasPrefix("type · ~"))
        #expect(message { _ = try real.to(.bool).sub(real.to(.bool)) }.hasPrefix("type · -"))
    }

    @Test func `Gradients that cannot be are errors`() throws {
        let x = try Tensor([1, 2] as [Float]).requireGradient()
        #expect(message { try x.detach().sum().backward() }.contains("backward: the result depends on no tensor"))
        #expect(message { try (x * 2).backward() }.hasPrefix("shape · backward: expected a single number"))
        let loss = try (x * x).sum()
        try loss.backward(retainGraph: true)
        try loss.backward()
        #expect(try x.gradient?.floats() == [4, 8])
        #expect(message { try loss.backward() } == "value · backward: the graph was freed by an earlier backward")
        #expect(message { try x.setGradient(try Tensor.zeros([3])) }.contains("gradient is float32 [3]"))
        #expect(message { try x.setIndex([.integer(0)], .scalar(1)) }.contains("inside no_grad"))
        #expect(message { _ = try Tensor.zeros([2, 2]).linalgInv() }.hasPrefix("math · linalg_inv"))
    }
}
