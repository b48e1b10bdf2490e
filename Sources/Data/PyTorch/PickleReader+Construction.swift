extension PickleReader {
    // MARK: Names and what they would make

    mutating func construction(_ opcode: UInt8) throws -> Bool {
        switch Unicode.Scalar(opcode) {
        case "c":
            let module = try line()
            push(.global(module + "." + (try line())))
        case "i":
            let module = try line()
            let name = module + "." + (try line())
            let arguments = try popMark()
            try make(name, arguments)
        case "o":
            var arguments = try popMark()
            guard !arguments.isEmpty else { throw failure("makes an object of no class") }
            let callee = arguments.removeFirst()
            try make(name(of: callee), arguments)
        case "R":
            let arguments = try tuple(try pop())
            try make(name(of: try pop()), arguments)
        case "b":
            let state = try pop()
            try setState(state)
        case "P": try persist([.string(try line())])
        case "Q": try persist(try tuple(try pop()))
        default:
            switch opcode {
            case 0x81:
                let arguments = try tuple(try pop())
                try make(name(of: try pop()), arguments)
            case 0x92:
                _ = try pop()  // arguments by name
                let arguments = try tuple(try pop())
                try make(name(of: try pop()), arguments)
            case 0x93:
                let (name, module) = (try pop(), try pop())
                guard case .string(let name) = name, case .string(let module) = module else {
                    throw failure("names a class by something else than text")
                }
                push(.global(module + "." + name))
            case 0x82...0x84: throw failure("uses the extension registry, which only the program that wrote it has")
            case 0x97: throw failure("has its buffers outside the file")
            case 0x98: break  // a buffer is read-only
            default: return false
            }
        }
        return true
    }

    private func name(of value: PickleValue) throws -> String {
        switch value {
        case .global(let name): return name
        // What a call would have given can be called in Python: its name stands for it.
        case .node(let index) where graph[index].kind == .made: return graph[index].name
        default: throw failure("calls what is no class")
        }
    }

    private func tuple(_ value: PickleValue) throws -> [PickleValue] {
        guard case .node(let index) = value, graph[index].kind == .tuple else {
            throw failure("has arguments that are no tuple")
        }
        return graph[index].values
    }

    private func elements(_ value: PickleValue?) -> [PickleValue]? {
        guard case .node(let index)? = value, graph[index].kind != .made, graph[index].kind != .dict else { return nil }
        return graph[index].values
    }

    /// What `name(*arguments)` would be: a container for the few that are containers, else a note of the call.
    private mutating func make(_ name: String, _ arguments: [PickleValue]) throws {
        switch PickleNames.short(name) {
        case "collections.OrderedDict", "collections.Counter", "dict", "argparse.Namespace":
            try push(node: PickleNode(kind: .dict))
            guard case .node(let target)? = stack.last else { return }
            if case .node(let index)? = arguments.first, graph[index].kind == .dict {
                for (key, value) in zip(graph[index].keys, graph[index].values) { graph.set(key, value, in: target) }
            }
            for pair in elements(arguments.first) ?? [] {
                guard let both = elements(pair), both.count == 2 else { throw failure("has a key without a value") }
                graph.set(both[0], both[1], in: target)
            }
        case "collections.defaultdict": try push(node: PickleNode(kind: .dict))
        case "list": try push(node: PickleNode(kind: .list, values: elements(arguments.first) ?? []))
        case "tuple", "torch.Size": try push(node: PickleNode(kind: .tuple, values: elements(arguments.first) ?? []))
        case "set", "frozenset": try push(node: PickleNode(kind: .set, values: elements(arguments.first) ?? []))
        case "_codecs.encode":
            guard case .string(let text)? = arguments.first else { fallthrough }
            push(.bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
        case "bytes", "bytearray":
            switch arguments.first {
            case nil: push(.bytes([]))
            case .bytes(let bytes)?: push(.bytes(bytes))
            case .string(let text)?: push(.bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
            default: try push(node: PickleNode(kind: .made, name: name, values: arguments))
            }
        case "copyreg._reconstructor":
            guard case .global(let type)? = arguments.first else { throw failure("makes an object of no class") }
            if PickleNames.short(type) == "argparse.Namespace" { return try make(type, []) }
            try push(node: PickleNode(kind: .made, name: type, values: Array(arguments.dropFirst(2))))
        case "int", "float", "str", "bool":
            if let only = arguments.first, arguments.count == 1, case .node = only {
            } else if arguments.count == 1 {
                push(arguments[0])
                return
            }
            try push(node: PickleNode(kind: .made, name: name, values: arguments))
        default: try push(node: PickleNode(kind: .made, name: name, values: arguments))
        }
    }

    private mutating func setState(_ state: PickleValue) throws {
        guard case .node(let index) = try top() else {
            // A state of a class or of text: nothing that could be read.
            return
        }
        switch graph[index].kind {
        case .made: graph[index].state = state
        case .dict:
            // A namespace's entries are its state; attributes of dicts, such as _metadata, are no entries.
            guard graph[index].keys.isEmpty, case .node(let other) = state, graph[other].kind == .dict,
                graph.value("_metadata", of: other) == nil
            else { return }
            for (key, value) in zip(graph[other].keys, graph[other].values) { graph.set(key, value, in: index) }
        case .list, .tuple, .set: break
        }
    }

    /// What the container keeps outside the pickle: storages, and the classes of pickled modules.
    private mutating func persist(_ id: [PickleValue]) throws {
        guard case .string(let kind)? = id.first else { throw failure("has a persistent id of an unknown kind") }
        switch kind {
        case "module":
            guard id.count >= 2, case .global = id[1] else { throw failure("has a module without a class") }
            push(id[1])
        case "storage":
            guard id.count >= 5, case .string(let key) = id[2], case .int(let count) = id[4], count >= 0 else {
                throw failure("has a storage without name and size")
            }
            let type = try name(of: id[1])
            let place = graph.storagePlaces[key] ?? graph.storages.count
            if place == graph.storages.count {
                let name = String(type.split(separator: ".").last ?? "")
                graph.storages.append(PickleStorage(type: name, key: key, count: count, offset: opcodeOffset))
                graph.storagePlaces[key] = place
            }
            if id.count > 5, case .node(let index) = id[5], graph[index].kind == .tuple {
                // A part of a storage: its own name, where it begins, its size.
                return try push(
                    node: PickleNode(
                        kind: .made, name: PickleNames.view, values: [.storage(place)] + graph[index].values))
            }
            push(.storage(place))
        default: throw failure("has a persistent id of the unknown kind \"\(kind)\"")
        }
    }
}
