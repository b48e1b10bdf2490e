import OrderedCollections
import Tensors

extension TorchFile {
    /// The tensors of a value by name, when it is what `state_dict()` gives, or a whole pickled module: none otherwise.
    ///
    /// A module's tensors are found by `_parameters`, `_buffers` and `_modules`, those of TorchScript by their attributes.
    public func state(of value: PickleValue) throws -> OrderedDictionary<String, StoredTensor>? {
        var state: OrderedDictionary<String, StoredTensor> = [:]
        switch try content(of: value) {
        case .dict(let entries):
            var others = 0
            for (key, value) in entries {
                guard case .string(let name) = key else { return nil }
                switch try content(of: value) {
                case .tensor(let tensor): state[name] = tensor
                // Extra state and version notes stand among tensors.
                case .none, .bool, .int, .float, .string, .bytes, .list, .dict, .record: others += 1
                }
            }
            return state.isEmpty || others > state.count ? nil : state
        case .record(let record):
            try collect(record, "", into: &state)
            if state.isEmpty {
                for contents in record.contents { if let found = try self.state(of: contents) { return found } }
            }
            return state.isEmpty ? nil : state
        default: return nil
        }
    }

    private func collect(
        _ record: StoredRecord, _ prefix: String, into state: inout OrderedDictionary<String, StoredTensor>
    ) throws {
        // Depth first in the order of the file, on a stack of its own; a module that holds itself ends.
        var pending: [(record: StoredRecord, prefix: String, depth: Int)] = [(record, prefix, 0)]
        while let (record, prefix, depth) = pending.popLast() {
            guard depth < 200, pending.count < 100_000, state.count < 1_000_000 else {
                throw failure(at: 0, "its modules are nested without end")
            }
            var children: [(record: StoredRecord, prefix: String, depth: Int)] = []
            func add(_ entries: [(key: PickleValue, value: PickleValue)], isModules: Bool) throws {
                for (key, value) in entries {
                    guard case .string(let name) = key else { continue }
                    switch try content(of: value) {
                    case .tensor(let tensor) where !isModules: state[prefix + name] = tensor
                    case .record(let child) where isModules:
                        children.append((child, prefix + name + ".", depth + 1))
                    default: continue
                    }
                }
            }
            func entries(_ name: String) throws -> [(key: PickleValue, value: PickleValue)]? {
                guard let value = record.attributes.first(where: { $0.key == name })?.value,
                    case .dict(let entries) = try content(of: value)
                else { return nil }
                return entries
            }
            if let parameters = try entries("_parameters") {
                try add(parameters, isModules: false)
                try add(try entries("_buffers") ?? [], isModules: false)
                try add(try entries("_modules") ?? [], isModules: true)
                try dropTransient(record, prefix, from: &state)
            } else if container == .torchScript {
                let attributes = record.attributes.map { (key: PickleValue.string($0.key), value: $0.value) }
                try add(attributes, isModules: false)
                try add(attributes, isModules: true)
            }
            pending += children.reversed()
        }
    }

    /// Buffers that a module does not save in its state.
    private func dropTransient(
        _ record: StoredRecord, _ prefix: String, from state: inout OrderedDictionary<String, StoredTensor>
    ) throws {
        guard let set = record.attributes.first(where: { $0.key == "_non_persistent_buffers_set" })?.value,
            case .list(let names) = try content(of: set)
        else { return }
        for case .string(let name) in names { state[prefix + name] = nil }
    }

    /// The entries of a value that are found by name: those of a dict, or the attributes of a record.
    public func members(of value: PickleValue) throws -> [(key: String, value: PickleValue)] {
        switch try content(of: value) {
        case .dict(let entries):
            return entries.compactMap { key, value in
                if case .string(let name) = key { (name, value) } else { nil }
            }
        case .record(let record): return record.attributes
        default: return []
        }
    }
}
