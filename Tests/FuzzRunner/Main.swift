import Builtins
import Fuzzing
import Glibc
import Runtime
import Tensors

/// `distill-fuzz SUBJECT INPUTS FIRST_SEED SEED_FILE`: what `scripts/fuzz/run` starts.
///
/// The seed at work stands in SEED_FILE, so that it is known when an input ends the process; an input that takes longer
/// than a minute is ended by a signal.
@main
enum FuzzRunner {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let subject = FuzzSubject(rawValue: arguments[1]), let count = UInt64(arguments[2]),
            let first = UInt64(arguments[3])
        else {
            print("usage: distill-fuzz programs|mutations|pieces|scripts|straight|wild INPUTS FIRST_SEED [SEED_FILE]")
            exit(2)
        }
        let library = Library.standard()
        // A program may ask for all memory there is; filling it would take its minute.
        Memory.limit = 1 << 30
        let file = arguments.count > 4 ? open(arguments[4], O_WRONLY | O_CREAT | O_TRUNC, 0o644) : -1
        if count == 1 {
            print(subject.source(seed: first, library: library).text)
            fflush(nil)
        }
        var failures = 0
        for seed in first..<first + count {
            if file >= 0 {
                let bytes = Array("\(seed)\n".utf8)
                _ = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
            }
            alarm(60)
            guard let failure = subject.failure(seed: seed, library: library) else { continue }
            print("\(subject.rawValue) \(seed): \(failure)")
            fflush(nil)
            failures += 1
        }
        exit(failures == 0 ? 0 : 1)
    }
}
