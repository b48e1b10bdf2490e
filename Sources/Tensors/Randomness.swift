import CKernels

/// The one generator of random numbers: counter-based (Philox 4x32-10), with a separate stream for each purpose, so that
/// drawing for one purpose never changes another. The bits depend on seed, stream and position only, not on threads.
/// State belongs to the calling thread; its seed is 0 at first.
public enum Randomness {
    /// What a number is drawn for.
    public enum Stream: UInt32, Sendable, CaseIterable {
        /// Initial weights.
        case initialization = 0
        /// Order of examples, splits.
        case shuffling
        /// Dropout masks.
        case dropout
        /// `rand`, `randn`, augmentation and everything else.
        case sampling
    }

    /// Seed and positions, to be saved with a checkpoint.
    public struct State: Sendable, Hashable {
        /// The seed.
        public var seed: UInt64
        /// One position for each stream, in the order of `Stream`.
        public var positions: [UInt64]

        /// A state from its parts; missing positions are 0.
        public init(seed: UInt64, positions: [UInt64] = []) {
            self.seed = seed
            self.positions = positions
        }
    }

    /// Sets the seed and starts every stream anew.
    public static func seed(_ seed: UInt64) { state = State(seed: seed) }

    /// The state of this thread's generator.
    public static var state: State {
        get {
            let raw = ck_random_get()
            return State(seed: raw.seed, positions: [raw.position.0, raw.position.1, raw.position.2, raw.position.3])
        }
        set {
            Trace.note(.draws)
            func position(_ index: Int) -> UInt64 { index < newValue.positions.count ? newValue.positions[index] : 0 }
            ck_random_set(
                ck_random_state(seed: newValue.seed, position: (position(0), position(1), position(2), position(3))))
        }
    }

    /// 64 random bits.
    public static func bits(_ stream: Stream = .sampling) -> UInt64 {
        Trace.note(.draws)
        return ck_random_bits(ck_random_get().seed, stream.rawValue, ck_random_advance(stream.rawValue, 1))
    }

    /// A number uniform in [0, 1).
    public static func uniform(_ stream: Stream = .sampling) -> Double { Double(bits(stream) >> 11) * 0x1p-53 }

    /// An integer uniform in 0 ..< limit; 0 when the limit is not positive.
    public static func integer(below limit: Int, _ stream: Stream = .sampling) -> Int {
        limit <= 1 ? 0 : Int(truncatingIfNeeded: bits(stream).multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// A uniform permutation of 0 ..< count. With a `seed` it depends on nothing else and moves no stream.
    public static func permutation(_ count: Int, _ stream: Stream = .shuffling, seed: UInt64? = nil) -> [Int] {
        guard count > 0 else { return [] }
        Trace.note(.draws)
        let position = seed == nil ? ck_random_advance(stream.rawValue, UInt64(count)) : 0
        return Kernels.permutation(count, seed: seed ?? ck_random_get().seed, stream: stream, position: position)
    }
}
