import CKernels

/// A way of computing that leaves steps out: several operations in one pass, values kept from before, work planned ahead.
/// Whoever takes one asks first, so that none is taken when computing plainly (``Plain``), and each is counted, so that a
/// comparison of the two ways can say what it has compared.
public enum Shortcut: Int, CaseIterable, Sendable {
    /// A linear layer and the ReLU behind it.
    case linearReLU
    /// A convolution and the ReLU behind it.
    case convolutionReLU
    /// Batch normalisation and the ReLU behind it.
    case normalizationReLU
    /// Batch normalisation and the residual sum behind it.
    case normalizationSum
    /// Soft and hard loss with their gradient in one pass.
    case onePassLoss
    /// What a teacher said of an example, kept from the first time.
    case teacherCache
    /// A network's evaluation, planned ahead.
    case plan

    /// Whether to take it now.
    package func isTaken() -> Bool { ck_take_shortcut(Int32(rawValue)) }

    /// How often the process has taken it.
    public var count: Int { Int(ck_shortcut_count(Int32(rawValue))) }
}
