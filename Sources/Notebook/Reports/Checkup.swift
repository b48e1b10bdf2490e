import Base
import Diagnostics
import Glibc
import Runtime
import Tensors

/// What `distill doctor` says: what computes on this machine, how fast, and what would make it faster.
package struct Checkup {
    /// Facts with their names.
    package let facts: [(name: String, value: String)]
    /// What a product and a convolution came to.
    package let speeds: [Engine.Speed]
    /// What to change; empty where nothing is known to be wrong.
    package let advice: [String]

    /// Looks at the machine and measures, for less than a second.
    ///
    /// - Throws: a failure when memory does not suffice.
    package init() throws {
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let pages = Self.chosen("/sys/kernel/mm/transparent_hugepage/enabled")
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        var loads = [0.0]
        let isLoadKnown = getloadavg(&loads, 1) == 1
        facts =
            [
                ("distill", Version.text), ("processor", Provenance.processor), ("processors", "\(processors)"),
                ("offers", Engine.offeredSIMD),
            ] + Engine.facts + [
                ("huge pages", pages ?? "unknown"),
                ("memory", "\(Self.gigabytes(memory)), \(Self.gigabytes(Memory.available)) of it available"),
                ("load", isLoadKnown ? "\(Formatting.fixed(loads[0], 1))" : "unknown"),
            ]
        speeds = try Engine.speeds()
        var advice: [String] = []
        if let warning = Engine.warning() { advice.append(warning) }
        if Plain.isOn {
            advice.append("everything is computed plainly, which is slow: unset DISTILL_PLAIN for full speed")
        } else {
            if Engine.simd != Engine.offeredSIMD, Engine.warning() == nil {
                advice.append("DISTILL_SIMD holds the kernels at \(Engine.simd): unset it for \(Engine.offeredSIMD)")
            }
            if let warning = Engine.libraryWarning { advice.append(warning) }
            let values = Dictionary(Engine.facts.map { ($0.name, $0.value) }) { first, _ in first }
            if values["OpenBLAS"]?.hasPrefix("none") == true {
                advice.append("OpenBLAS was not found: install libopenblas0-pthread for float64 and factorisations")
            }
            if values["oneDNN"].map({ $0.isEmpty || $0 == "none" }) == true {
                advice.append("oneDNN was not found: install libdnnl2 for convolutions that are not 3 x 3")
            }
        }
        if Threads.count > processors {
            advice.append(
                "\(Threads.count) threads on \(processors) processors wait for each other: --threads \(processors)")
        }
        if pages == "never" {
            advice.append(
                "huge pages are off: as root, echo madvise > /sys/kernel/mm/transparent_hugepage/enabled makes large tensors faster"
            )
        }
        if isLoadKnown, loads[0] > Double(processors) * 0.75 {
            advice.append(
                "other programs compute too (load \(Formatting.fixed(loads[0], 1))): the speeds above are lower for it")
        }
        self.advice = advice
    }

    /// The page as it is printed.
    package var markup: Markup {
        let rows = facts.map { ($0.name, $0.value) } + speeds.map { ($0.name, Self.text(of: $0)) }
        let width = rows.map(\.0.count).max() ?? 0
        var text = Markup()
        for (name, value) in rows {
            text.append(name + String(repeating: " ", count: width - name.count + 2) + value + "\n")
        }
        text.append("\n")
        if advice.isEmpty { text.append("Nothing is known to be wrong.\n") }
        for line in advice {
            text.append(Markup("advice", .warning))
            text.append(": " + line + "\n")
        }
        return text
    }

    private static func text(of speed: Engine.Speed) -> String {
        let share = speed.share.map { share in
            ", \(Formatting.fixed(share * 100, 0)) % of the peak"
                + (share > 1 ? " (with fewer multiplications than are counted)" : "")
        }
        return "\(Formatting.fixed(speed.gigaflops, 1)) GFLOP/s\(share ?? "")"
    }

    private static func gigabytes(_ bytes: Int) -> String {
        "\(Formatting.fixed(Double(bytes) / Double(1 << 30), 1)) GiB"
    }

    /// The word in brackets of a file of choices.
    private static func chosen(_ path: String) -> String? {
        guard let bytes = try? WholeFile.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"), open < close else {
            return nil
        }
        return String(text[text.index(after: open)..<close])
    }
}
