import Tensors

extension Dataset {
    /// A mark of the inputs: it differs, almost surely, for datasets whose x differs. nil for data that stays in a file,
    /// which may change.
    package func inputFingerprint() -> UInt64? {
        guard case .memory(let input) = stored else { return nil }
        var mark: UInt64 = 1
        for number in (normalization?.mean ?? []) + (normalization?.std ?? []) {
            mark = (mark ^ number.bitPattern) &* 0x100_0000_01B3
        }
        switch input {
        case .tensor(let x): return x.fingerprint(mark)
        case .named(let inputs):
            return inputs.reduce(mark) { mark, entry in
                entry.value.fingerprint(entry.key.utf8.reduce(mark) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
            }
        }
    }
}
