import Base

extension Interrupt {
    /// - Throws: `TensorError.interrupted` when somebody asked to stop.
    public static func check() throws(TensorError) {
        if isRequested { throw .interrupted }
    }
}
