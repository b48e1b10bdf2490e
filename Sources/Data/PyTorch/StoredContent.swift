import Tensors

/// What a value of a PyTorch file is, one level deep.
public enum StoredContent: Sendable {
    /// `None`.
    case none
    /// `True` or `False`.
    case bool(Bool)
    /// An integer.
    case int(Int)
    /// A float.
    case float(Double)
    /// Text, and what texts stand for: devices, dtypes, layouts.
    case string(String)
    /// Raw bytes.
    case bytes([UInt8])
    /// A list, tuple or set.
    case list([PickleValue])
    /// A dict in its order.
    case dict([(key: PickleValue, value: PickleValue)])
    /// A tensor, a parameter, an array or a storage.
    case tensor(StoredTensor)
    /// An object of a class that is not read here.
    case record(StoredRecord)
}

/// An object of a class that is not read: its class and what it holds.
public struct StoredRecord: Sendable {
    /// The dotted name of the class or function.
    public let name: String
    /// Its attributes by name.
    public let attributes: [(key: String, value: PickleValue)]
    /// What its constructor, or the function, was given.
    public let arguments: [PickleValue]
    /// The entries and elements that a subclass of dict or list holds.
    let contents: [PickleValue]
}

extension TorchFile {
    /// What a value is.
    ///
    /// - Throws: ``DataError/content(path:problem:help:)`` for a tensor whose description makes no sense.
    public func content(of value: PickleValue) throws -> StoredContent { try content(of: value, depth: 0) }

    private func content(of value: PickleValue, depth: Int) throws -> StoredContent {
        switch value {
        case .none: return .none
        case .bool(let bool): return .bool(bool)
        case .int(let int): return .int(int)
        case .float(let float): return .float(float)
        case .string(let text): return .string(text)
        case .bytes(let bytes): return .bytes(bytes)
        case .global(let name):
            if name.hasPrefix("torch."), StoredElement(torch: String(name.dropFirst(6))) != nil {
                return .string(String(name.dropFirst(6)))
            }
            return .record(StoredRecord(name: name, attributes: [], arguments: [], contents: []))
        case .storage(let index):
            let storage = graph.storages[index]
            guard let element = StoredElement(torch: storage.type) else {
                return .record(StoredRecord(name: "torch." + storage.type, attributes: [], arguments: [], contents: []))
            }
            return .tensor(
                try checked(
                    StoredTensor(
                        element: element, shape: [storage.count], isParameter: false, strides: [1], offset: 0,
                        place: .storage(index))))
        case .node(let index):
            let node = graph[index]
            switch node.kind {
            case .list, .tuple, .set: return .list(node.values)
            case .dict: return .dict(zip(node.keys, node.values).map { ($0, $1) })
            case .made:
                // Rebuilding functions may hold each other; a circle of them has no meaning.
                guard depth < 16 else { return .record(record(node)) }
                return try made(node, depth + 1) ?? .record(record(node))
            }
        }
    }

    private func record(_ node: PickleNode) -> StoredRecord {
        var attributes: [(key: String, value: PickleValue)] = []
        var states = [node.state]
        // Slots come as a pair: attributes of __dict__, then those of __slots__.
        if case .node(let index) = node.state, graph[index].kind == .tuple { states = graph[index].values }
        for state in states {
            guard case .node(let index) = state, graph[index].kind == .dict else { continue }
            for (key, value) in zip(graph[index].keys, graph[index].values) {
                if case .string(let name) = key { attributes.append((name, value)) }
            }
        }
        let contents = [node.entries, node.elements].compactMap { $0.map(PickleValue.node) }
        return StoredRecord(
            name: PickleNames.short(node.name), attributes: attributes, arguments: node.values, contents: contents)
    }

    // MARK: The list of what is understood

    private func made(_ node: PickleNode, _ depth: Int) throws -> StoredContent? {
        let arguments = node.values
        func argument(_ index: Int) -> PickleValue { index < arguments.count ? arguments[index] : .none }
        switch PickleNames.short(node.name) {
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
            return try tensor(argument(0), argument(1), argument(2), argument(3), nil)
        case "torch._utils._rebuild_tensor_v3":
            return try tensor(argument(0), argument(1), argument(2), argument(3), argument(6))
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
            "torch.nn.parameter.Parameter", "torch.nn.Parameter":
            guard case .tensor(let tensor) = try content(of: argument(0), depth: depth) else { return nil }
            return .tensor(
                StoredTensor(
                    element: tensor.element, shape: tensor.shape, isParameter: true, strides: tensor.strides,
                    offset: tensor.offset, place: tensor.place))
        case "torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_device_tensor_from_cpu_tensor":
            guard case .tensor(let tensor) = try content(of: argument(0), depth: depth) else { return nil }
            return .tensor(tensor)
        case "torch._tensor._rebuild_from_type_v2":
            guard case .global(let function) = argument(0), case .node(let index) = argument(2),
                graph[index].kind == .tuple
            else { return nil }
            return try made(PickleNode(kind: .made, name: function, values: graph[index].values), depth + 1)
        case "torch.jit._pickle.restore_type_tag", "torch.jit._pickle.build_intlist",
            "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist",
            "torch.jit._pickle.build_tensorlist":
            return try content(of: argument(0), depth: depth)
        case "torch.device":
            guard case .string(let type) = argument(0) else { return nil }
            if case .int(let index) = argument(1) { return .string("\(type):\(index)") }
            return .string(type)
        case "torch.serialization._get_layout":
            guard case .string(let layout) = argument(0) else { return nil }
            return .string(layout.hasPrefix("torch.") ? String(layout.dropFirst(6)) : layout)
        case "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer": return array(node)
        case "numpy.core.multiarray.scalar": return scalar(argument(0), argument(1))
        case "numpy.dtype":
            guard let (element, _) = dtype(node) else { return nil }
            return .string(element.rawValue)
        case PickleNames.view:
            guard case .storage(let storage) = argument(0), case .int(let offset) = argument(2),
                case .int(let size) = argument(3),
                let element = StoredElement(torch: graph.storages[storage].type)
            else { return nil }
            return .tensor(
                try checked(
                    StoredTensor(
                        element: element, shape: [size], isParameter: false, strides: [1], offset: offset,
                        place: .storage(storage))))
        case "range", "xrange":
            let bounds = arguments.compactMap { if case .int(let value) = $0 { value } else { nil } }
            guard bounds.count == 3, bounds.count == arguments.count, bounds[2] != 0 else { return nil }
            let values = Array(stride(from: bounds[0], to: bounds[1], by: bounds[2]).prefix(100_001))
            return values.count > 100_000 ? nil : .list(values.map(PickleValue.int))
        default: return nil
        }
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        if case .int(let value) = value { return [value] }
        guard case .node(let index) = value, graph[index].kind == .tuple || graph[index].kind == .list else {
            return nil
        }
        let numbers = graph[index].values.compactMap { if case .int(let number) = $0 { number } else { nil } }
        return numbers.count == graph[index].values.count ? numbers : nil
    }

    private func tensor(
        _ storage: PickleValue, _ offset: PickleValue, _ size: PickleValue, _ stride: PickleValue, _ dtype: PickleValue?
    ) throws -> StoredContent? {
        var start = 0
        var place = storage
        if case .node(let index) = storage, graph[index].name == PickleNames.view, graph[index].values.count == 4 {
            guard case .int(let viewed) = graph[index].values[2] else { return nil }
            (place, start) = (graph[index].values[0], viewed)
        }
        guard case .storage(let index) = place, case .int(let offset) = offset, let shape = integers(size),
            let strides = integers(stride)
        else { return nil }
        var type = graph.storages[index].type
        if case .global(let name)? = dtype { type = String(name.split(separator: ".").last ?? "") }
        guard let element = StoredElement(torch: type) else { return nil }
        let (first, isBeyond) = offset.addingReportingOverflow(start)
        guard !isBeyond else { throw failure(at: graph.storages[index].offset, "a tensor begins outside its storage") }
        return .tensor(
            try checked(
                StoredTensor(
                    element: element, shape: shape, isParameter: false, strides: strides, offset: first,
                    place: .storage(index))))
    }

    /// A tensor whose numbers the file has.
    private func checked(_ tensor: StoredTensor) throws -> StoredTensor {
        guard case .storage(let index) = tensor.place else { return tensor }
        let storage = graph.storages[index]
        guard let reach = tensor.reach, reach <= Int.max / 16 else {
            throw failure(
                at: storage.offset, "a tensor of sizes \(tensor.shape) and strides \(tensor.strides) cannot be")
        }
        guard tensor.shape.count <= Shape.maximumRank else {
            throw failure(
                at: storage.offset,
                "a tensor has \(tensor.shape.count) dimensions, at most \(Shape.maximumRank) are read")
        }
        let needed = reach * tensor.element.size
        let available = try byteCount(ofStorage: index)
        guard tensor.count == 0 || needed <= available else {
            throw failure(
                at: storage.offset,
                "a tensor of shape \(tensor.shape) needs \(needed) bytes of the storage \"\(storage.key)\", which has \(available)"
            )
        }
        return tensor
    }

    // MARK: NumPy

    private func dtype(_ node: PickleNode) -> (StoredElement, isBigEndian: Bool)? {
        guard PickleNames.short(node.name) == "numpy.dtype", case .string(let name)? = node.values.first,
            let element = StoredElement(numpy: name)
        else { return nil }
        guard case .node(let index) = node.state, graph[index].kind == .tuple, graph[index].values.count > 1,
            case .string(let order) = graph[index].values[1]
        else { return (element, false) }
        return (element, order == ">")
    }

    private func dtype(_ value: PickleValue) -> (StoredElement, isBigEndian: Bool)? {
        guard case .node(let index) = value, graph[index].kind == .made else { return nil }
        return dtype(graph[index])
    }

    private func array(_ node: PickleNode) -> StoredContent? {
        let isBuffer = PickleNames.short(node.name) == "numpy.core.numeric._frombuffer"
        var parts = node.values
        if !isBuffer {
            guard case .node(let index) = node.state, graph[index].kind == .tuple, graph[index].values.count == 5 else {
                return nil
            }
            parts = graph[index].values
        }
        guard parts.count >= (isBuffer ? 4 : 5) else { return nil }
        let (data, type, sizes, order) =
            isBuffer ? (parts[0], parts[1], parts[2], parts[3]) : (parts[4], parts[2], parts[1], parts[3])
        guard let (element, isBigEndian) = dtype(type), let shape = integers(sizes), shape.count <= Shape.maximumRank
        else { return nil }
        var isFortran = false
        if case .bool(let flag) = order { isFortran = flag }
        if case .string(let letter) = order { isFortran = letter == "F" }
        let bytes: [UInt8]
        switch data {
        case .bytes(let raw): bytes = raw
        case .string(let text): bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        default: return nil
        }
        guard element.byteCount(shape) == bytes.count else { return nil }
        return .tensor(
            StoredTensor(
                element: element, shape: shape, isParameter: false,
                strides: StoredTensor.rowStrides(shape, isFortran: isFortran), offset: 0,
                place: .bytes(bytes, isBigEndian: isBigEndian)))
    }

    private func scalar(_ type: PickleValue, _ data: PickleValue) -> StoredContent? {
        guard let (element, isBigEndian) = dtype(type) else { return nil }
        let bytes: [UInt8]
        switch data {
        case .bytes(let raw): bytes = raw
        case .string(let text): bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        default: return nil
        }
        guard bytes.count == element.size,
            let number = try? element.tensor(bytes[...], shape: [], isBigEndian: isBigEndian)
        else { return nil }
        switch number.dtype {
        case .bool: return (try? number.integers().first).map { .bool($0 != 0) }
        case .int64, .uint8: return (try? number.integers().first).map { .int($0) }
        case .float32, .float64: return (try? number.doubles().first).map { .float($0) }
        }
    }
}
