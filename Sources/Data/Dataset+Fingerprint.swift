import Tensors

extension Dataset {
    /// A mark of the inputs: it differs, almost surely, for datasets whose x differs.
    package func inputFingerprint() -> UInt64 {
        switch storedInput {
        case .tensor(let x): x.fingerprint()
        case .named(let inputs):
            inputs.reduce(1) { mark, entry in
                entry.value.fingerprint(entry.key.utf8.reduce(mark) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
            }
        }
    }
}
