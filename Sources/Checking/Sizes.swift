import Runtime

/// The shapes of tensors that are made with literal sizes.
enum Sizes {
    private static let makers: Set<String> = ["zeros", "ones", "rand", "randn"]

    /// The sizes that `randn(2, 63)` and its like give; none for other functions.
    static func of(_ function: String, _ arguments: CheckedArguments, _ plan: [ArgumentSource]) -> [Int?]? {
        guard makers.contains(function), !arguments.isOpen, !arguments.positional.isEmpty else { return nil }
        if arguments.positional.count == 1, case .literal(.list) = arguments.positional[0].known {
            return arguments.positional[0].known.ints.map { $0.map(Optional.some) }
        }
        let sizes = arguments.positional.map(\.known.int)
        guard sizes.allSatisfy({ $0.map { $0 >= 0 } ?? true }) else { return nil }
        // One unknown argument may be a list of sizes.
        return sizes.count == 1 && sizes[0] == nil ? nil : sizes
    }
}
