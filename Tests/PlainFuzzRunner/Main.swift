import Builtins
import Glibc
import PlainFuzzing
import Runtime
import Tensors

/// `distill-fuzz-plain SUBJECT PROGRAMS FIRST_SEED`: what `scripts/fuzz/plain` starts.
@main
enum PlainFuzzRunner {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let subject = PlainSubject(rawValue: arguments[1]),
            let count = UInt64(arguments[2]),
            let first = UInt64(arguments[3])
        else {
            let subjects = PlainSubject.allCases.map(\.rawValue).joined(separator: "|")
            print("usage: distill-fuzz-plain \(subjects) PROGRAMS FIRST_SEED")
            exit(2)
        }
        let library = Library.standard()
        Memory.limit = 2 << 30
        var tally = PlainTally()
        var reasons: [String: Int] = [:]
        for seed in first..<first + count {
            alarm(300)
            let (outcome, source) = subject.compare(seed: seed, library: library)
            tally.add(outcome, seed: seed, source: source)
            switch outcome {
            case .different(let text): print("\(subject.rawValue) \(seed): \(text)\n\(source)")
            case .refused(let reason): reasons[reason, default: 0] += 1
            case .equal, .illConditioned: if count == 1 { print("\(outcome)\n\(source)") }
            }
            fflush(nil)
        }
        print("\(subject.rawValue): \(tally.summary)")
        for (reason, count) in reasons.sorted(by: { $0.value > $1.value }).prefix(5) { print("  \(count) × \(reason)") }
        // How often each way was taken that the plain one does without.
        let shortcuts = Shortcut.allCases.map { ("shortcut \($0)", $0.count) }
        print("  " + (Engine.counts + shortcuts).map { "\($0.0) \($0.1)" }.joined(separator: ", "))
        exit(tally.differences.isEmpty ? 0 : 1)
    }
}
