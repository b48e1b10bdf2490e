import CKernels

/// The engine of matrix products.
public enum BLAS {
    /// The processor generation whose kernels OpenBLAS uses, for example `SkylakeX`; `OPENBLAS_CORETYPE` can force another.
    public static var core: String {
        let name = String(cString: ck_blas_core())
        return name.isEmpty ? "unknown" : name
    }
}
