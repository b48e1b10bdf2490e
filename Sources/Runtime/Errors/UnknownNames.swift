import Diagnostics

/// Errors for names that have no value.
extension Interpreter {
    /// The error for a name that has no value, with the nearest one that has.
    func unknownName(_ name: String, isLocal: Bool) -> Failure {
        if isLocal {
            let hasOuter = currentFile.slots[name].map { machine.isBound(slot: $0) } ?? false
            return hasOuter
                ? Self.rebinding(name)
                : Failure(
                    .name, "\(name) is read before it is bound", code: .unboundName,
                    help: ["assign it before this line"])
        }
        var candidates = currentFile.declared.filter { name in
            currentFile.slots[name].map { machine.isBound(slot: $0) } ?? false
        }
        candidates += library.names
        var help: [String] = []
        if let near = Nearest.match(name, in: candidates) { help.append("did you mean \(near)?") }
        if let hint = Self.pythonNames[name] { help = [hint] }
        return Failure(.name, "\(name) is not defined", code: .unknownName, help: help)
    }

    /// The error for a function that means an outer variable but assigns the name and so has one of its own.
    package static func rebinding(_ name: String) -> Failure {
        Failure(
            .name, "\(name) is read before it is bound", code: .rebinding,
            help: [
                "the function assigns \(name), which makes it the function's own; the \(name) outside can be read "
                    + "but not rebound: use another name, or return the new value"
            ])
    }

    /// What to write instead of names that Python and PyTorch have.
    package static let pythonNames = otherNames.merging(dtypeNames) { own, _ in own }

    /// Dtypes are texts.
    private static let dtypeNames = Dictionary(
        uniqueKeysWithValues: ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64"]
            .map { ($0, "write \"\($0)\", in quotes: x.to(\"\($0)\")") })

    /// What functions of other languages and libraries do under a name that a function here has.
    package static let otherMeanings = ["repeat": "trials(5, seed => …) repeats an experiment"]

    private static let otherNames = [
        "True": "write true", "False": "write false", "None": "write none", "self": "self exists in module methods",
        "isinstance": "write type(x) == \"list\"", "torch": "the names of torch are here without the prefix",
        "nn": "the layers are here without the prefix: Linear(784, 10)",
        "F": "functions are here without the prefix: relu(x)",
        "seed": "write manual_seed(0)", "np": "arrays are tensors: tensor([1.0, 2.0])",
        "train": "train, test = split(dataset(\"digits\"), test=0.2) makes it",
        "test": "train, test = split(dataset(\"digits\"), test=0.2) makes it",
        "val": "train, val, test = split(dataset(\"digits\"), test=0.2, val=0.1) makes it",
        "DataLoader": "fit and distill take the dataset itself and batch_size=",
        "optim": "the optimizers are here without the prefix: Adam(lr=1e-3)",
        "device": "everything runs on the processor: leave it out",
        "cuda": "everything runs on the processor: leave it out",
        "append": "write xs.append(x)", "dir": "write help(x)", "input": "there is no input; use param",
    ]
}
