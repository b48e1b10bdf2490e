import Data
import Learning
import OrderedCollections
import Tensors

/// A whole network in one file, `.distill`: weights, architecture, and what it was trained on.
///
/// The file is a safetensors file whose metadata hold the rest, so that PyTorch reads the weights out of it as they are.
public enum ModelFile {
    private static let format = "distill.format"
    private static let architecture = "distill.architecture"
    private static let record = "distill.record"
    private static let frozen = "distill.frozen"

    /// Writes a network, whole or not at all.
    ///
    /// - Throws: a ``Failure`` that names what a file cannot hold, ``FileError``.
    public static func write(_ net: Module, to path: String, in interpreter: Interpreter) throws {
        let (json, extra) = try Architecture.json(of: net, in: interpreter)
        var tensors = try net.storedState()
        for (name, tensor) in extra { tensors[name] = tensor }
        let frozen = net.namedParameters().filter { !$0.parameter.requiresGradient }.map { JSON.string($0.name) }
        let file = SafeTensors(
            tensors,
            metadata: [
                format: "1", architecture: json.text, record: (net.record ?? TrainingRecord()).json.text,
                self.frozen: JSON.array(frozen).text,
            ])
        try file.write(to: path)
    }

    /// The network of a file, in evaluation mode.
    ///
    /// - Throws: a ``Failure`` of kind `io` for a file that holds none, and what building its layers throws.
    public static func network(_ file: SafeTensors, path: String, in interpreter: Interpreter) throws -> Module {
        guard let version = file.metadata[format], let text = file.metadata[architecture] else {
            throw Failure(
                .io, "\(path): the file holds tensors and no network", help: ["load(net, \"\(path)\") fills a network"])
        }
        guard version == "1" else {
            throw Failure(.io, "\(path): the file has version \(version) of the format, this program reads version 1")
        }
        let json: JSON
        do { json = try JSON(parsing: Array(text.utf8)) } catch {
            throw Failure(.io, "\(path): the architecture is no JSON")
        }
        let net = try Architecture.network(json, tensors: file.tensors, path: path, in: interpreter)
        let state = withoutArguments(file.tensors.filter { !$0.key.hasPrefix("distill.constant.") }, of: net)
        do {
            try net.loadStoredState(state)
        } catch let error as ModuleError {
            throw Failure(.io, "\(path): weights and architecture do not fit: \(error.message)")
        }
        if let text = file.metadata[frozen], let names = try? JSON(parsing: Array(text.utf8)).array {
            let names = Set(names.compactMap(\.string))
            for (name, parameter) in net.namedParameters() where names.contains(name) {
                try parameter.requireGradient(false)
            }
        }
        if let text = file.metadata[record], let json = try? JSON(parsing: Array(text.utf8)) {
            net.record = TrainingRecord(json)
        }
        net.eval()
        return net
    }

    /// The state without what earlier versions listed a second time: what a constructor's parameters hold, which is state
    /// under the names that the module's body binds.
    private static func withoutArguments(
        _ state: OrderedDictionary<String, Tensor>, of net: Module
    ) -> OrderedDictionary<String, Tensor> {
        let own = Set(net.namedState().map(\.name))
        let arguments = net.namedModules().flatMap { path, module in
            (module as? ScriptedModule)?.argumentNames.map { path.isEmpty ? $0 : path + "." + $0 } ?? []
        }
        return state.filter { name, _ in
            own.contains(name) || !arguments.contains { name == $0 || name.hasPrefix($0 + ".") }
        }
    }
}
