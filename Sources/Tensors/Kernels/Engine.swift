import CKernels
import Glibc

/// What computes: the libraries with the kernels they chose, and the processor's vectors. For provenance, and for warnings.
public enum Engine {
    /// A fact with its name.
    public typealias Fact = (name: String, value: String)

    /// OpenBLAS with its version and kernel, oneDNN's version, the instruction set and the number of threads. Asking loads
    /// both libraries, which costs a few milliseconds the first time.
    public static var facts: [Fact] {
        let blas = String(cString: ck_blas_core()), version = String(cString: ck_blas_version())
        let products = blas.isEmpty ? "none; plain loops" : "\(version.isEmpty ? "" : version + ", ")kernel \(blas)"
        return [
            ("OpenBLAS", products), ("oneDNN", String(cString: ck_conv_version())), ("SIMD", simd),
            ("products", String(cString: ck_product_engine())), ("convolutions", String(cString: ck_conv_engine())),
            ("threads", String(Threads.count)),
        ]
    }

    /// The widest vector instructions that the kernels use on this processor.
    public static var simd: String { Level.processor.name }

    /// What an environment variable costs, if one forces kernels that are slower than what the processor offers.
    /// - Parameter variables: Looks up an environment variable; the process's own unless given.
    public static func warning(
        _ variables: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) -> String? {
        warning(on: Level.processor, variables)
    }

    static func warning(on processor: Level, _ variables: (String) -> String?) -> String? {
        for variable in ["OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"] {
            guard let value = variables(variable) else { continue }
            let isBLAS = variable == "OPENBLAS_CORETYPE"
            let library = isBLAS ? "OpenBLAS" : "oneDNN"
            let levels = isBLAS ? Level.cores : Level.instructionSets
            guard let forced = levels[value.lowercased()], forced < processor else { continue }
            return "\(variable)=\(value) makes \(library) compute with \(forced.name) although this processor has "
                + "\(processor.name): unset it for full speed"
        }
        return nil
    }

    /// Generations of vector instructions.
    enum Level: Int, Comparable {
        case baseline, avx, avx2, avx512

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .baseline: "SSE"
            case .avx: "AVX"
            case .avx2: "AVX2"
            case .avx512: "AVX-512"
            }
        }

        static var processor: Level { Level(rawValue: Int(ck_simd_level())) ?? .baseline }

        /// OpenBLAS's names of processors by what their kernels use (its `cpuid_x86.c` and `dynamic.c`).
        static let cores: [String: Level] = [
            "katmai": .baseline, "coppermine": .baseline, "northwood": .baseline, "prescott": .baseline,
            "banias": .baseline, "atom": .baseline, "core2": .baseline, "penryn": .baseline, "dunnington": .baseline,
            "nehalem": .baseline, "athlon": .baseline, "opteron": .baseline, "opteron_sse3": .baseline,
            "barcelona": .baseline, "nano": .baseline, "bobcat": .baseline, "bulldozer": .avx, "piledriver": .avx,
            "steamroller": .avx, "sandybridge": .avx, "excavator": .avx2, "haswell": .avx2, "zen": .avx2,
        ]

        /// oneDNN's names of instruction sets.
        static let instructionSets: [String: Level] = [
            "sse41": .baseline, "avx": .avx, "avx2": .avx2, "avx2_vnni": .avx2,
        ]
    }
}
