import Base

extension TensorError {
    /// What sort of mistake it is.
    public var kind: FailureKind {
        switch self {
        case .notBroadcastable, .unequalShapes, .innerSizesDiffer, .wrongShape, .wrongCount, .negativeSize,
            .tooManyDimensions, .emptyReduction, .notOneElement, .ragged, .backwardFromMany, .wrongGradient:
            .shape
        case .dimensionOutOfRange, .indexOutOfRange, .wrongIndex: .index
        case .tooLarge, .outOfMemory: .limit
        case .wrongDType, .unequalDTypes, .gradientOfIntegers: .type
        case .divisionByZero, .negativeExponent, .singular: .math
        case .interrupted: .interrupt
        case .repeatedDimension, .wrongValue, .classOutOfRange, .noTensors, .noHistory, .graphFreed, .overwritten,
            .writeIntoLeaf, .notALeaf, .unused, .gradientMismatch, .noDerivative:
            .value
        }
    }

    /// One sentence that begins with the function's language name and carries the values that matter.
    public var message: String {
        switch self {
        case .notBroadcastable(function: let name, left: let left, right: let right):
            "\(name): shapes \(left) and \(right) do not broadcast"
        case .unequalShapes(function: let name, first: let left, second: let right):
            "\(name): shapes differ: \(left) and \(right)"
        case .innerSizesDiffer(function: let name, left: let left, right: let right):
            "\(name): inner sizes differ: \(left) @ \(right)"
        case .wrongShape(function: let name, shape: let shape, expected: let expected, argument: _):
            "\(name): expected \(expected), got shape \(shape)"
        case .wrongCount(function: let name, shape: let shape, sizes: let sizes):
            "\(name): \(shape) has \(shape.elementCount) elements, which do not fit \(list(sizes))"
        case .negativeSize(function: let name, sizes: let sizes):
            "\(name): sizes must not be negative, got \(list(sizes))"
        case .dimensionOutOfRange(function: let name, dim: let dim, shape: let shape):
            "\(name): dim \(dim) is out of range for shape \(shape), allowed \(-max(shape.rank, 1)) … "
                + "\(max(shape.rank, 1) - 1)"
        case .repeatedDimension(function: let name, dim: let dim, dims: let dims):
            "\(name): dim \(dim) appears twice in \(list(dims))"
        case .tooManyDimensions(function: let name, count: let rank):
            "\(name): \(rank) dimensions, at most \(Shape.maximumRank) are supported"
        case .tooLarge(function: let name, sizes: let sizes):
            "\(name): a tensor of shape \(list(sizes)) is larger than any memory"
        case .outOfMemory(let bytes, let available):
            "tensor: \(size(bytes)) asked for, \(size(available)) available"
        case .indexOutOfRange(function: let name, index: let index, size: let size, dim: let dim):
            size == 0
                ? "\(name): index \(index) is out of range: dim \(dim) is empty"
                // A negative index that would count from the end is one where nothing does.
                : "\(name): index \(index) is out of range for dim \(dim) of size \(size), allowed "
                    + "\(index < 0 && index >= -size ? 0 : -size) … \(size - 1)"
        case .wrongIndex(function: let name, reason: let problem): "\(name): \(problem)"
        case .wrongDType(function: let name, dtype: let dtype, expected: let expected):
            "\(name): expected \(expected), got \(dtype)"
        case .unequalDTypes(function: let name, first: let left, second: let right):
            "\(name): dtypes differ: \(left) and \(right)"
        case .wrongValue(function: let name, argument: let argument, value: let value, expected: let expected):
            "\(name): \(argument) must be \(expected), got \(value)"
        case .classOutOfRange(function: let name, label: let label, row: let row, classes: let classes):
            "\(name): class \(label) in row \(row) is out of range: the input has \(classes) classes"
        case .divisionByZero(function: let name): "\(name): division by zero"
        case .negativeExponent(function: let name): "\(name): an integer tensor cannot be raised to a negative power"
        case .emptyReduction(function: let name, shape: let shape):
            "\(name): no elements to choose from in shape \(shape)"
        case .notOneElement(function: let name, shape: let shape): "\(name): expected one element, got shape \(shape)"
        case .noTensors(function: let name): "\(name): the list of tensors is empty"
        case .ragged(function: let name): "\(name): nested lists differ in length"
        case .gradientOfIntegers(dtype: let dtype):
            "requires_grad: only float tensors have gradients, this one is \(dtype)"
        case .noHistory(function: let name): "\(name): the result depends on no tensor with requires_grad"
        case .backwardFromMany(shape: let shape): "backward: expected a single number, got shape \(shape)"
        case .graphFreed(operation: let name): "\(name): the graph was freed by an earlier backward"
        case .overwritten(operation: let name):
            "backward: a tensor that \(name) needs was overwritten after it was used"
        case .writeIntoLeaf(function: let name): "\(name): the tensor requires a gradient, write into it inside no_grad"
        case .notALeaf: "requires_grad: only a tensor that no operation made can change it"
        case .wrongGradient(
            shape: let shape, dtype: let dtype, expected: let expected, expectedDType: let expectedDType):
            "backward: gradient is \(dtype) \(shape), the tensor is \(expectedDType) \(expected)"
        case .unused(function: let name, position: let position):
            "\(name): the result does not depend on input \(position)"
        case .singular(function: let name): "\(name): the matrix is singular or the factorisation does not converge"
        case .noDerivative(function: let name): "\(name): its gradient is not known here"
        case .gradientMismatch(let input, let element, let analytic, let numerical):
            "gradcheck: input \(input), element \(element): backward gives \(analytic), finite differences \(numerical)"
        case .interrupted: "interrupted"
        }
    }

    /// The message with `function` in front where memory was asked for on its behalf; otherwise ``message``.
    public func message(in function: String) -> String {
        switch self {
        case .tooLarge(function: _, sizes: let sizes): TensorError.tooLarge(function: function, sizes: sizes).message
        case .outOfMemory(let bytes, let available):
            "\(function): \(size(bytes)) asked for, \(size(available)) available"
        default: message
        }
    }

    /// A way out, if there is an obvious one.
    public var help: String? {
        switch self {
        case .backwardFromMany: "reduce it first, for example with mean() or sum()"
        case .graphFreed: "compute the result again, or pass retain_graph=true to the first backward"
        case .overwritten: "write into a clone(), or write after backward"
        case .writeIntoLeaf: "no_grad { … }"
        case .notALeaf: "detach() gives a tensor of its own"
        case .gradientOfIntegers: "convert it with float()"
        case .noDerivative: "detach() what goes in, or compute inside no_grad"
        case .noHistory: "set requires_grad = true on what is to be trained, and compute outside no_grad"
        case .unequalDTypes(function: _, first: _, second: let right): "convert one of them with to(\"\(right)\")"
        default: nil
        }
    }

    /// Short labels for the arguments at fault, by position.
    public var operands: [Int: String] {
        switch self {
        case .notBroadcastable(function: _, left: let left, right: let right),
            .unequalShapes(function: _, first: let left, second: let right),
            .innerSizesDiffer(function: _, left: let left, right: let right):
            [0: left.description, 1: right.description]
        case .wrongShape(function: _, shape: let shape, expected: _, argument: let argument):
            [argument: shape.description]
        case .wrongCount(function: _, shape: let shape, sizes: _): [0: shape.description]
        case .unequalDTypes(function: _, first: let left, second: let right):
            [0: left.description, 1: right.description]
        default: [:]
        }
    }

    private func list(_ values: [Int]) -> String { "[" + values.map(String.init).joined(separator: ", ") + "]" }

    private func size(_ bytes: Int) -> String {
        bytes >= 1 << 30 ? "\((Double(bytes) / 0x1p30 * 10).rounded() / 10) GB" : "\(bytes >> 20) MB"
    }
}
