import Base
import Data
import Diagnostics
import Runtime
import Tensors

extension Library {
    /// Dicts and lists to files: tensors by name, and checkpoints of anything that Python has a plain form of.
    func addValueSaving() {
        let value = Parameter<Either<DictReference, ListReference>>("x", "a dict of tensors; for .pt any dict or list")
        let path = Parameter<String>("path", "the file; its extension says the format")
        add(
            Builtin(
                "save", .files,
                "Writes tensors by name: .npz for NumPy, .safetensors or .pt for PyTorch; .pt nested values too.",
                parameters: [value.description, path.description], returns: "nothing",
                notes: [
                    "A .pt file holds dicts, lists, numbers, text and tensors. In Python: torch.load(path, weights_only=True)."
                ],
                seeAlso: ["load", "state_dict"],
                examples: [
                    Example(
                        """
                        save({"a": zeros(2), "b": ones(3)}, "/tmp/distill-example.npz")
                        load("/tmp/distill-example.npz").keys()
                        """, #"["a", "b"]"#),
                    Example(
                        """
                        save({"epoch": 3, "loss": [0.5, 0.25], "w": ones(2)}, "/tmp/distill-example.pt")
                        load("/tmp/distill-example.pt")
                        """, #"{"epoch": 3, "loss": [0.5, 0.25], "w": tensor([1.0000, 1.0000])}"#),
                ]
            ) { call in
                let path = try call[path]
                switch try call[value] {
                case .first(let dict): try Self.save(dict.object, to: path, in: call.interpreter)
                case .second(let list):
                    _ = try TensorFile(path, function: "save", what: "a list", allowed: [.pt], argument: 1)
                    try WholeFile.write(StorableValue.bytes(.list(list.object), path: path), to: path)
                }
                return NoValue()
            })
    }

    private static func save(_ dict: DictObject, to path: String, in interpreter: Interpreter) throws {
        let format = try TensorFile(
            path, function: "save", what: "a dict of tensors", allowed: [.safetensors, .npz, .pt], argument: 1)
        guard format != .pt else {
            return try WholeFile.write(StorableValue.bytes(.dict(dict), path: path), to: path)
        }
        guard let tensors = OrderedTensors.decode(.dict(dict), in: interpreter)?.tensors else {
            let stranger = dict.entries.first { entry in
                guard case .string = entry.key.value, case .tensor = entry.value else { return true }
                return false
            }
            let what = stranger.map {
                let key = Display.repr($0.key.value, in: interpreter)
                guard case .string = $0.key.value else { return "the key \(key) is no string" }
                return "\(key) is of type \($0.value.typeName)"
            }
            throw Failure(
                .type, "save: a .\(format.rawValue) file holds tensors by name, and \(what ?? "not all are tensors")",
                help: ["save(x, \"x.pt\") keeps nested values"], operands: [0: ""])
        }
        if format == .npz { try NPZ.write(tensors, to: path) } else { try SafeTensors(tensors).write(to: path) }
    }
}
