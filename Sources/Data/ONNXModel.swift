import Tensors

/// A computation in the Open Neural Network Exchange format, opset 17, with the little of Protocol Buffers that writing it
/// takes: fields are a number, a wire type and a value.
///
/// Source: https://github.com/onnx/onnx (onnx.proto3), https://protobuf.dev/programming-guides/encoding
public struct ONNXModel {
    /// The version of the operators.
    public static let opset = 17

    /// An option of a node.
    public enum Attribute: Equatable, Sendable {
        case int(Int)
        case ints([Int])
        case float(Double)
        case floats([Double])
        case string(String)
        case strings([String])
    }

    /// One operator applied to values by name; an empty name leaves an input out.
    public struct Node: Equatable, Sendable {
        /// What its author calls it; may be empty.
        public var name = ""
        /// Who defined the operator; empty for ONNX itself.
        public var domain = ""
        /// The operator.
        public var operation: String
        /// What goes in.
        public var inputs: [String]
        /// What comes out.
        public var outputs: [String]
        /// The options, in order.
        public var attributes: [(name: String, value: Attribute)]
        /// The tensors among the options of a node that was read, by option.
        public var tensors: [String: StoredConstant] = [:]

        /// A node.
        public init(
            _ operation: String, _ inputs: [String], _ outputs: [String],
            _ attributes: [(name: String, value: Attribute)] = []
        ) {
            self.operation = operation
            self.inputs = inputs
            self.outputs = outputs
            self.attributes = attributes
        }

        /// Equal in all parts.
        public static func == (left: Node, right: Node) -> Bool {
            left.name == right.name && left.domain == right.domain && left.operation == right.operation
                && left.inputs == right.inputs && left.outputs == right.outputs
                && left.attributes.elementsEqual(right.attributes) { $0.name == $1.name && $0.value == $1.value }
        }
    }

    /// A size: a number, or a name that stands for any.
    public enum Size: Equatable, Sendable {
        case fixed(Int)
        case named(String)
    }

    /// What goes into the model or comes out of it.
    public struct Port: Equatable, Sendable {
        /// The name.
        public var name: String
        /// The type of the elements.
        public var dtype: DType
        /// The sizes.
        public var shape: [Size]
        /// How the elements stand in the file, where that is more than their type says.
        public var element: StoredElement?

        /// A port.
        public init(_ name: String, _ dtype: DType, _ shape: [Size]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
        }
    }

    /// What goes in.
    public var inputs: [Port] = []
    /// What comes out.
    public var outputs: [Port] = []
    /// The operators, in an order in which each stands after those it needs.
    public var nodes: [Node] = []
    /// Constants by name: parameters above all.
    public var initializers: [(name: String, tensor: Tensor)] = []
    /// Texts by name.
    public var metadata: [(key: String, value: String)] = []

    /// The version of the operators that the model was written with.
    public var operatorSet = ONNXModel.opset
    /// The versions of the operators of other domains.
    public var domains: [String: Int] = [:]
    /// How the numbers of initializers stood in the file: small integers above all, which are int64 here.
    public var elements: [String: StoredElement] = [:]
    /// What the model's file is called in messages.
    public var path = ""

    /// A tensor of a file.
    public struct StoredConstant: @unchecked Sendable {
        /// The tensor, which nobody changes.
        public let tensor: Tensor
        /// How its numbers stood in the file.
        public let element: StoredElement
    }

    /// An empty model.
    public init() {}

    /// The number that stands for a dtype in the format.
    public static func code(of dtype: DType) -> Int {
        switch dtype {
        case .float32: 1
        case .uint8: 2
        case .int64: 7
        case .bool: 9
        case .float64: 11
        }
    }

    private static let codes: [(Int, StoredElement)] = [
        (1, .float32), (2, .uint8), (3, .int8), (4, .uint16), (5, .int16), (6, .int32), (7, .int64), (9, .bool),
        (10, .float16), (11, .float64), (12, .uint32), (13, .uint64), (16, .bfloat16),
    ]

    /// What a number of the format stands for, if it is read.
    public static func element(_ code: Int) -> StoredElement? { codes.first { $0.0 == code }?.1 }

    /// The number for numbers of a dtype that stood in a file in some way: halves were widened and are written as they are.
    private static func code(of dtype: DType, _ element: StoredElement?) -> Int {
        guard let element, element.dtype == dtype, !dtype.isFloating else { return code(of: dtype) }
        return codes.first { $0.1 == element }?.0 ?? code(of: dtype)
    }

    /// The file's bytes.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` beyond the 2 GB that Protocol Buffers allow.
    public func bytes() throws -> [UInt8] {
        let size = initializers.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.itemSize }
        guard size < 2_000_000_000 else {
            throw DataError.argument(
                function: "save", problem: "an .onnx file holds at most 2 GB, the parameters take \(size) bytes",
                help: "save(net, \"net.safetensors\")")
        }
        var graph = Message()
        for node in nodes { graph.put(1, Self.message(node)) }
        graph.put(2, "distill")
        for (name, tensor) in initializers { graph.put(5, Self.message(name, tensor, elements[name])) }
        for port in inputs { graph.put(11, Self.message(port)) }
        for port in outputs { graph.put(12, Self.message(port)) }
        var opset = Message()
        opset.put(1, "")
        opset.put(2, operatorSet)
        var model = Message()
        model.put(1, 8)
        model.put(2, "distill")
        model.put(7, graph)
        model.put(8, opset)
        for (domain, version) in domains.sorted(by: { $0.key < $1.key }) {
            var other = Message()
            other.put(1, domain)
            other.put(2, version)
            model.put(8, other)
        }
        for (key, value) in metadata {
            var entry = Message()
            entry.put(1, key)
            entry.put(2, value)
            model.put(14, entry)
        }
        return model.bytes
    }

    private static func message(_ node: Node) -> Message {
        var message = Message()
        for input in node.inputs { message.put(1, input) }
        for output in node.outputs { message.put(2, output) }
        let name = node.outputs.first.map { "\(node.operation):\($0)" } ?? node.operation
        message.put(3, node.name.isEmpty ? name : node.name)
        message.put(4, node.operation)
        if !node.domain.isEmpty { message.put(7, node.domain) }
        for (name, constant) in node.tensors.sorted(by: { $0.key < $1.key }) {
            var attribute = Message()
            attribute.put(1, name)
            attribute.put(5, Self.message("", constant.tensor, constant.element))
            attribute.put(20, 4)
            message.put(5, attribute)
        }
        for (name, value) in node.attributes {
            var attribute = Message()
            attribute.put(1, name)
            let type: Int
            switch value {
            case .float(let number):
                attribute.put(2, Float(number))
                type = 1
            case .floats(let numbers):
                for number in numbers { attribute.put(7, Float(number)) }
                type = 6
            case .int(let number):
                attribute.put(3, number)
                type = 2
            case .string(let text):
                attribute.put(4, text)
                type = 3
            case .ints(let numbers):
                for number in numbers { attribute.put(8, number) }
                type = 7
            case .strings(let texts):
                for text in texts { attribute.put(9, text) }
                type = 8
            }
            attribute.put(20, type)
            message.put(5, attribute)
        }
        return message
    }

    private static func message(_ name: String, _ tensor: Tensor, _ element: StoredElement?) -> Message {
        var message = Message()
        for size in tensor.shape { message.put(1, size) }
        message.put(2, code(of: tensor.dtype, element))
        message.put(8, name)
        let bytes = tensor.storedBytes(), size = tensor.dtype.itemSize
        if let element, !tensor.dtype.isFloating, element.dtype == tensor.dtype, element.size < size {
            // The low bytes of each number.
            message.put(9, bytes: stride(from: 0, to: bytes.count, by: size).flatMap { bytes[$0..<$0 + element.size] })
        } else {
            message.put(9, bytes: bytes)
        }
        return message
    }

    private static func message(_ port: Port) -> Message {
        var shape = Message()
        for size in port.shape {
            var dimension = Message()
            switch size {
            case .fixed(let number): dimension.put(1, number)
            case .named(let name): dimension.put(2, name)
            }
            shape.put(1, dimension)
        }
        var tensor = Message()
        tensor.put(1, code(of: port.dtype, port.element))
        tensor.put(2, shape)
        var type = Message()
        type.put(1, tensor)
        var message = Message()
        message.put(1, port.name)
        message.put(2, type)
        return message
    }
}

/// A message of Protocol Buffers under construction.
private struct Message {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(_ field: Int, _ value: Int) {
        varint(UInt64(field) << 3)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func put(_ field: Int, _ value: Float) {
        varint(UInt64(field) << 3 | 5)
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    mutating func put(_ field: Int, bytes content: [UInt8]) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func put(_ field: Int, _ text: String) { put(field, bytes: Array(text.utf8)) }
    mutating func put(_ field: Int, _ message: Message) { put(field, bytes: message.bytes) }
}
