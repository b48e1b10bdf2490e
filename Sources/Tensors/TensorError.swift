import Base

/// What can go wrong in a tensor function. `function` is its name in the language.
public enum TensorError: DescribedError, Hashable {
    /// Two shapes that do not broadcast.
    case notBroadcastable(function: String, left: Shape, right: Shape)
    /// Two shapes that must be equal and are not.
    case unequalShapes(function: String, first: Shape, second: Shape)
    /// The inner sizes of a product differ.
    case innerSizesDiffer(function: String, left: Shape, right: Shape)
    /// A shape that is not what the function takes; `expected` completes "expected …".
    case wrongShape(function: String, shape: Shape, expected: String, argument: Int)
    /// A reshape that changes the number of elements.
    case wrongCount(function: String, shape: Shape, sizes: [Int])
    /// A size below zero.
    case negativeSize(function: String, sizes: [Int])
    /// A dimension outside the tensor's.
    case dimensionOutOfRange(function: String, dim: Int, shape: Shape)
    /// A dimension named twice.
    case repeatedDimension(function: String, dim: Int, dims: [Int])
    /// More than eight dimensions.
    case tooManyDimensions(function: String, count: Int)
    /// More elements than any memory holds.
    case tooLarge(function: String, sizes: [Int])
    /// Memory that is not there.
    case outOfMemory(bytes: Int, available: Int)
    /// A position outside a dimension.
    case indexOutOfRange(function: String, index: Int, size: Int, dim: Int)
    /// More indices than dimensions, or a mask that does not fit.
    case wrongIndex(function: String, reason: String)
    /// A dtype the function does not take; `expected` completes "expected …".
    case wrongDType(function: String, dtype: DType, expected: String)
    /// Two dtypes that must be equal and are not.
    case unequalDTypes(function: String, first: DType, second: DType)
    /// An argument outside its range; `expected` completes "… must be …".
    case wrongValue(function: String, argument: String, value: String, expected: String)
    /// A class label outside the classes of the logits.
    case classOutOfRange(function: String, label: Int, row: Int, classes: Int)
    /// Integer division or remainder by zero.
    case divisionByZero(function: String)
    /// An integer tensor to a negative power.
    case negativeExponent(function: String)
    /// A reduction without identity over no elements.
    case emptyReduction(function: String, shape: Shape)
    /// `item()` and friends on a tensor with more or fewer than one element.
    case notOneElement(function: String, shape: Shape)
    /// A list of tensors that must not be empty.
    case noTensors(function: String)
    /// Ragged nested lists.
    case ragged(function: String)
    /// `requires_grad` on integers or truth values.
    case gradientOfIntegers(dtype: DType)
    /// `backward` from a tensor without history.
    case noHistory(function: String)
    /// `backward` from a tensor that is not a single number.
    case backwardFromMany(shape: Shape)
    /// A second `backward` through a graph that the first one freed.
    case graphFreed(operation: String)
    /// A value needed by `backward` has been overwritten since.
    case overwritten(operation: String)
    /// Writing into a leaf that requires a gradient, outside `no_grad`.
    case writeIntoLeaf(function: String)
    /// Changing `requires_grad` of a tensor that an operation made.
    case notALeaf
    /// A gradient whose shape or dtype is not the tensor's.
    case wrongGradient(shape: Shape, dtype: DType, expected: Shape, expectedDType: DType)
    /// A tensor that `grad` was asked about and that the result does not depend on.
    case unused(function: String, position: Int)
    /// A matrix that cannot be inverted or factored.
    case singular(function: String)
    /// A gradient through a function whose derivative is not known.
    case noDerivative(function: String)
    /// An analytic gradient that differs from the numerical one.
    case gradientMismatch(input: Int, element: Int, analytic: Double, numerical: Double)
    /// The user interrupted.
    case interrupted
}
