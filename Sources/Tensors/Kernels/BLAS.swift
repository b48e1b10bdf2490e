import CKernels

/// The engine of matrix products.
public enum BLAS {
    /// The processor generation whose kernels OpenBLAS uses, for example `SkylakeX`; `OPENBLAS_CORETYPE` can force another.
    public static var core: String {
        let name = String(cString: ck_blas_core())
        return name.isEmpty ? "unknown" : name
    }

    /// Its version, `0.3.21`; empty when it cannot be loaded.
    public static var version: String {
        let words = String(cString: ck_blas_config()).split(separator: " ")
        return words.first { $0.first?.isNumber == true }.map(String.init) ?? ""
    }
}

/// The engine of convolutions.
public enum DNNL {
    /// The version of oneDNN, `2.6.3`; empty when it cannot be loaded.
    public static var version: String {
        let text = String(cString: ck_conv_version())
        return text == "none" ? "" : text
    }
}
