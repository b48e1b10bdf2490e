import Base
import Tensors

/// What can be wrong with a network or how it is used.
public enum ModuleError: DescribedError, Equatable {
    /// The module has no forward pass for one tensor.
    case noForward(module: String)
    /// The module takes one tensor, not several by name.
    case namedInputs(module: String, names: [String])
    /// The module does not know how to copy itself.
    case noCopy(module: String)
    /// The network contains itself: the path leads from it to one of the modules on the way.
    case cycle(function: String, path: String)
    /// No layer is at the path.
    case path(path: String, existing: [String])
    /// The layer at the path was not called while the network ran.
    case notReached(path: String)
    /// The network has no children of which one could be the last.
    case noChildren(module: String)
    /// Names of a state that do not match those of the network.
    case stateNames(missing: [String], unexpected: [String])
    /// A tensor of a state whose shape is not the parameter's.
    case stateShape(name: String, expected: [Int], found: [Int])
    /// A layer's option or input that makes no sense.
    case argument(layer: String, problem: String)
    /// An input shape a layer cannot take.
    case input(layer: String, problem: String, help: String?)
    /// What a file format has no form for.
    case export(problem: String, help: String?)
    /// An index outside a container.
    case index(layer: String, index: Int, count: Int)

    /// The error kind of the language.
    public var kind: FailureKind {
        switch self {
        case .noForward, .namedInputs, .noCopy: .type
        case .path: .key
        case .notReached, .noChildren, .argument, .export, .cycle: .value
        case .stateNames: .key
        case .stateShape, .input: .shape
        case .index: .index
        }
    }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .noForward(let module): "\(module): has no forward pass for one tensor"
        case .namedInputs(let module, let names):
            "\(module): takes one tensor, given the inputs \(names.joined(separator: ", "))"
        case .noCopy(let module): "copy: a \(module) cannot be copied"
        case .cycle(let function, let path):
            "\(function): the network contains itself: \(path) is a module that it is part of"
        case .path(let path, _): "no layer \"\(path)\""
        case .notReached(let path): "the layer \"\(path)\" was not called while the network ran"
        case .noChildren(let module): "\(module): calls no child, so it has no input of the last one"
        case .stateNames, .stateShape: "load_state_dict: " + problem
        case .argument(let layer, let problem), .input(let layer, let problem, _): "\(layer): \(problem)"
        case .export(let problem, _): "save: \(problem)"
        case .index(let layer, let index, let count): "\(layer): index \(index) is outside its \(count) children"
        }
    }

    /// The message without the function that found the mistake.
    public var problem: String {
        switch self {
        case .stateNames(let missing, let unexpected):
            [Self.list("missing", missing), Self.list("unexpected", unexpected)].compactMap { $0 }
                .joined(separator: "; ")
        case .stateShape(let name, let expected, let found):
            "\"\(name)\" has shape \(expected) here and \(found) in the state"
        default: message
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .path(_, let existing):
            existing.isEmpty ? "the network has no layers below it" : "there are " + Self.shortened(existing)
        case .stateNames: "strict=false loads what matches, rename={\"module.\": \"\"} changes names"
        case .input(_, _, let help), .export(_, let help): help
        case .noChildren: "name the layers: pairs=\"…\" -> \"…\""
        case .cycle: "give the field another value, and pass the outer module as an argument where it is needed"
        default: nil
        }
    }

    private static func list(_ title: String, _ names: [String]) -> String? {
        names.isEmpty ? nil : title + " " + shortened(names)
    }

    private static func shortened(_ names: [String]) -> String {
        let shown = names.prefix(40).map { "\"\($0)\"" }.joined(separator: ", ")
        return names.count > 40 ? shown + " and \(names.count - 40) more" : shown
    }
}
