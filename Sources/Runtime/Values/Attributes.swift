import Diagnostics
import Learning
import Tensors

extension Interpreter {
    /// `owner.name`
    func attribute(_ name: String, of owner: Value) throws -> Value {
        switch owner {
        case .dict(let dict):
            if let value = dict[name] { return value }
            if let attribute = library.attribute(name, of: owner) { return try attribute.get(owner, self) }
            if let method = library.method(name, of: owner) { return .function(BoundMethod(owner, method)) }
            throw missingKey(.string(name), dict)
        case .module(let module):
            if let scripted = module as? ScriptedModule, let value = scripted.value(of: name) { return value }
            if let child = module.children[name] { return .module(child) }
            if let tensor = module.ownParameters[name] ?? module.ownBuffers[name] { return .tensor(tensor) }
        case .object(let object):
            if let file = object.payload as? ImportedFile, let value = file.value(of: name, in: self) { return value }
            if let value = try object.type.member?(object.payload, name, self) { return value }
        default: break
        }
        if let attribute = library.attribute(name, of: owner) { return try attribute.get(owner, self) }
        if let method = library.method(name, of: owner) { return .function(BoundMethod(owner, method)) }
        throw unknownAttribute(name, of: owner, isCall: false)
    }

    /// A field or import entry that a call `owner.name(…)` means.
    func callableField(_ name: String, of owner: Value) throws -> Value? {
        switch owner {
        case .module(let module):
            if let scripted = module as? ScriptedModule, let value = scripted.value(of: name) { return value }
            return module.children[name].map { .module($0) }
        case .object(let object):
            if let file = object.payload as? ImportedFile { return file.value(of: name, in: self) }
        default: break
        }
        if case .dict = owner { return nil }
        return try library.attribute(name, of: owner)?.get(owner, self)
    }

    /// `owner.name = value`
    func setAttribute(_ name: String, of owner: Value, _ value: Value, isAugmented: Bool) throws {
        switch owner {
        case .dict(let dict):
            dict[name] = value
            return
        case .module(let module):
            if let scripted = module as? ScriptedModule, let index = scripted.declaration.fields.firstIndex(of: name) {
                try scripted.setField(index, value)
                return
            }
            if let parameter = module.ownParameters[name] ?? module.ownBuffers[name], case .tensor(let tensor) = value {
                guard parameter !== tensor else { return }
                guard parameter.shape == tensor.shape else {
                    throw Failure(
                        .shape, "\(name) has the shape \(parameter.shape), the new value \(tensor.shape)",
                        help: ["a parameter keeps its shape; make a new layer for another one"])
                }
                try Gradients.disabled { _ = try parameter.copy_(tensor) }
                return
            }
            if module.children[name] != nil, case .module(let child) = value {
                module.register(child, as: name)
                return
            }
        default: break
        }
        if let attribute = library.attribute(name, of: owner) {
            guard let set = attribute.set else {
                // `x.grad += 1` writes into the tensor it read; there is nothing left to assign.
                if isAugmented, case .tensor = value { return }
                throw Failure(.type, "\(name) of a \(owner.typeName) cannot be assigned")
            }
            try set(owner, value, self)
            return
        }
        throw unknownAttribute(name, of: owner, isCall: false)
    }

    func unknownAttribute(_ name: String, of owner: Value, isCall: Bool) -> Failure {
        var candidates = library.members(of: owner)
        switch owner {
        case .module(let module):
            candidates += Array(module.children.keys) + Array(module.ownParameters.keys)
            if let scripted = module as? ScriptedModule { candidates += scripted.declaration.fields }
        case .object(let object):
            if let file = object.payload as? ImportedFile { candidates += file.scope.declared }
            candidates += object.type.memberNames(object.payload)
        default: break
        }
        if isCall { candidates += library.names }
        var help: [String] = []
        if let near = Nearest.match(name, in: candidates) { help.append("did you mean \(near)?") }
        if let hint = Self.foreignMembers[name] { help = [hint] }
        let what = if case .none = owner { "none" } else { "a value of type \(owner.typeName)" }
        return Failure(
            .name, "\(what) has no \(isCall ? "method" : "attribute") \(name)", code: .unknownAttribute, help: help,
            operands: [:])
    }

    /// What to write instead of members that values have in Python and PyTorch.
    package static let foreignMembers = [
        "view": "write x.reshape(…)", "cuda": "everything runs on the CPU; leave it out",
        "cpu": "everything runs on the CPU; leave it out",
        "numpy": "a tensor needs no conversion; tolist() gives lists",
        "size": "write x.shape", "dim": "write x.ndim", "add": "write xs.append(x)", "has_key": "write key in d",
        "format": "write an f-string, f\"{x:.3f}\"", "push": "write xs.append(x)", "length": "write len(x)",
    ]
}
