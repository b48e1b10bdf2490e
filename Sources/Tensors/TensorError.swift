import Base

/// What can go wrong in a tensor function. The first value of most cases is the function's name in the language.
public enum TensorError: DescribedError, Hashable {
    /// Two shapes that do not broadcast.
    case notBroadcastable(String, Shape, Shape)
    /// Two shapes that must be equal and are not.
    case unequalShapes(String, Shape, Shape)
    /// The inner sizes of a product differ.
    case innerSizesDiffer(String, Shape, Shape)
    /// A shape that is not what the function takes; `expected` completes "expected …".
    case wrongShape(String, Shape, expected: String, argument: Int)
    /// A reshape that changes the number of elements.
    case wrongCount(String, Shape, [Int])
    /// A size below zero.
    case negativeSize(String, [Int])
    /// A dimension outside the tensor's.
    case dimensionOutOfRange(String, dim: Int, shape: Shape)
    /// A dimension named twice.
    case repeatedDimension(String, dim: Int, dims: [Int])
    /// More than eight dimensions.
    case tooManyDimensions(String, Int)
    /// More elements than any memory holds.
    case tooLarge(String, [Int])
    /// Memory that is not there.
    case outOfMemory(bytes: Int, available: Int)
    /// A position outside a dimension.
    case indexOutOfRange(String, index: Int, size: Int, dim: Int)
    /// More indices than dimensions, or a mask that does not fit.
    case wrongIndex(String, String)
    /// A dtype the function does not take; `expected` completes "expected …".
    case wrongDType(String, DType, expected: String)
    /// Two dtypes that must be equal and are not.
    case unequalDTypes(String, DType, DType)
    /// An argument outside its range; `expected` completes "… must be …".
    case wrongValue(String, argument: String, value: String, expected: String)
    /// A class label outside the classes of the logits.
    case classOutOfRange(String, label: Int, row: Int, classes: Int)
    /// Integer division or remainder by zero.
    case divisionByZero(String)
    /// An integer tensor to a negative power.
    case negativeExponent(String)
    /// A reduction without identity over no elements.
    case emptyReduction(String, Shape)
    /// `item()` and friends on a tensor with more or fewer than one element.
    case notOneElement(String, Shape)
    /// A list of tensors that must not be empty.
    case noTensors(String)
    /// Ragged nested lists.
    case ragged(String)
    /// `requires_grad` on integers or truth values.
    case gradientOfIntegers(DType)
    /// `backward` from a tensor without history.
    case noHistory(String)
    /// `backward` from a tensor that is not a single number.
    case backwardFromMany(Shape)
    /// A second `backward` through a graph that the first one freed.
    case graphFreed(String)
    /// A value needed by `backward` has been overwritten since.
    case overwritten(String)
    /// Writing into a leaf that requires a gradient, outside `no_grad`.
    case writeIntoLeaf(String)
    /// Changing `requires_grad` of a tensor that an operation made.
    case notALeaf
    /// A gradient whose shape or dtype is not the tensor's.
    case wrongGradient(Shape, DType, expected: Shape, DType)
    /// A tensor that `grad` was asked about and that the result does not depend on.
    case unused(String, position: Int)
    /// A matrix that cannot be inverted or factored.
    case singular(String)
    /// An analytic gradient that differs from the numerical one.
    case gradientMismatch(input: Int, element: Int, analytic: Double, numerical: Double)
    /// The user interrupted.
    case interrupted
}
