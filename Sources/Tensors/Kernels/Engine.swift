import CKernels
import Glibc

/// What computes: the level of vector instructions, the engines and libraries with the kernels they chose. For provenance,
/// for warnings, and for tests that want to know which way was taken.
public enum Engine {
    /// A fact with its name.
    public typealias Fact = (name: String, value: String)

    /// OpenBLAS with its version and kernel, oneDNN's version, the instruction set and the number of threads. Asking loads
    /// both libraries, which costs a few milliseconds the first time.
    public static var facts: [Fact] {
        let blas = String(cString: ck_blas_core()), version = String(cString: ck_blas_version())
        if Plain.isOn {
            return [
                ("plain", "every operation at once by scalar loops, sums in double"),
                ("LAPACK", blas.isEmpty ? "none" : "OpenBLAS " + version), ("threads", "1"),
            ]
        }
        let products = blas.isEmpty ? "none; plain loops" : "\(version.isEmpty ? "" : version + ", ")kernel \(blas)"
        return [
            ("OpenBLAS", products), ("oneDNN", String(cString: ck_conv_version())), ("SIMD", simd),
            ("products", String(cString: ck_product_engine())), ("convolutions", String(cString: ck_conv_engine())),
            ("threads", String(Threads.count)),
        ]
    }

    /// The vector instructions that the kernels of this process use: the widest that the processor offers, unless
    /// `DISTILL_SIMD` names a lower level.
    public static var simd: String { Level.process.name }

    /// How often each way to compute was taken so far, of those that were: kernels by their level of vector instructions,
    /// products and convolutions by their engine.
    public static var counts: [(name: String, count: Int)] {
        (0..<CK_WAYS.rawValue).map(ck_way.init(rawValue:)).compactMap { way in
            let count = ck_way_count(way)
            return count == 0 ? nil : (String(cString: ck_way_name(way)), Int(clamping: count))
        }
    }

    /// Starts the counts anew.
    public static func resetCounts() { ck_reset_counts() }

    /// What is wrong with `DISTILL_SIMD`, or what an environment variable costs that forces kernels slower than what the
    /// processor offers.
    /// - Parameter variables: Looks up an environment variable; the process's own unless given.
    public static func warning(
        _ variables: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) -> String? {
        let notice = String(cString: ck_simd_notice())
        return notice.isEmpty ? warning(on: Level.process, variables) : notice
    }

    /// What OpenBLAS costs if it chose kernels that are slower than what the processor offers. Asking loads the library.
    public static var libraryWarning: String? {
        libraryWarning(core: String(cString: ck_blas_core()), on: Level.process)
    }

    static func libraryWarning(core: String, on processor: Level) -> String? {
        guard !core.isEmpty, let chosen = Level(core: core), chosen < processor else { return nil }
        return "OpenBLAS computes with its kernel for \(core) (\(chosen.name)) although this processor has "
            + "\(processor.name): products of float64 and factorisations are slow"
    }

    static func warning(on processor: Level, _ variables: (String) -> String?) -> String? {
        for variable in ["OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"] {
            guard let value = variables(variable) else { continue }
            let isBLAS = variable == "OPENBLAS_CORETYPE"
            let library = isBLAS ? "OpenBLAS" : "oneDNN"
            let level = isBLAS ? Level(core: value) : Level.instructionSets[value.lowercased()]
            guard let forced = level, forced < processor else { continue }
            return "\(variable)=\(value) makes \(library) compute with \(forced.name) although this processor has "
                + "\(processor.name): unset it for full speed"
        }
        return nil
    }

    /// Levels of vector instructions, each of which has kernels of its own.
    enum Level: UInt32, CaseIterable, Comparable {
        case baseline, avx2, avx512

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .baseline: "SSE"
            case .avx2: "AVX2"
            case .avx512: "AVX-512"
            }
        }

        init(_ level: ck_simd) { self = Level(rawValue: UInt32(level.rawValue)) ?? .baseline }

        /// What the kernels of one of OpenBLAS's processors use.
        init?(core: String) {
            guard let level = UInt32(exactly: ck_blas_core_level(core)) else { return nil }
            self.init(rawValue: level)
        }

        /// The widest level that the processor offers.
        static var processor: Level { Level(ck_simd_offered()) }
        /// The level that the process computes with.
        static var process: Level { Level(ck_simd_of_process()) }

        /// oneDNN's names of instruction sets.
        static let instructionSets: [String: Level] = [
            "sse41": .baseline, "avx": .baseline, "avx2": .avx2, "avx2_vnni": .avx2,
        ]
    }

    /// Runs `body` with the kernels of another level on the calling thread; nil, without running it, where the processor
    /// lacks the level. Libraries keep theirs.
    static func with<Result>(_ level: Level, _ body: () throws -> Result) rethrows -> Result? {
        guard ck_set_thread_simd(Int32(level.rawValue)) else { return nil }
        defer { _ = ck_set_thread_simd(-1) }
        return try body()
    }
}
