import Tensors

/// Tensors as text.
enum TensorDisplay {
    /// A tensor inside other text.
    static func inline(_ tensor: Tensor) -> String { "tensor \(tensor.shape)" }
}
