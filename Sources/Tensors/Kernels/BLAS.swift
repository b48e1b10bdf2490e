import COpenBLAS

/// The engine of matrix products.
public enum BLAS {
    /// The processor generation whose kernels OpenBLAS uses, for example `SkylakeX`; `OPENBLAS_CORETYPE` can force another.
    public static var core: String {
        guard let name = openblas_get_corename() else { return "unknown" }
        return String(cString: name)
    }
}
