import Tensors

/// Writes values as `torch.save` does, in the zip archive that `torch.load(path, weights_only=True)` reads.
public struct TorchWriter {
    private var pickle: [UInt8] = [0x80, 2]
    private var storages: [[UInt8]] = []

    /// Nothing written yet.
    public init() {}

    // MARK: Values

    /// `None`.
    public mutating func none() { put("N") }
    /// `True` or `False`.
    public mutating func bool(_ value: Bool) { pickle.append(value ? 0x88 : 0x89) }

    /// An `int`.
    public mutating func int(_ value: Int) {
        if let small = Int32(exactly: value) {
            put("J")
            number(Int(small), 4)
        } else {
            pickle += [0x8A, 8]
            number(value, 8)
        }
    }

    /// A `float`.
    public mutating func float(_ value: Double) {
        put("G")
        number(Int(bitPattern: UInt(value.bitPattern.byteSwapped)), 8)
    }

    /// A `str`.
    public mutating func string(_ text: String) {
        put("X")
        number(text.utf8.count, 4)
        pickle += Array(text.utf8)
    }

    /// Begins a list; what is written until ``endList()`` are its elements.
    public mutating func beginList() { put("](") }
    /// Ends the list.
    public mutating func endList() { put("e") }

    /// Begins an `OrderedDict`, as `state_dict()` gives; what is written until ``endDict()`` are keys and values by turns.
    public mutating func beginDict() {
        global("collections", "OrderedDict")
        put(")R(")
    }
    /// Ends the dict.
    public mutating func endDict() { put("u") }

    /// A tensor with a storage of its own.
    public mutating func tensor(_ tensor: Tensor) {
        global("torch._utils", "_rebuild_tensor_v2")
        put("((")
        string("storage")
        global("torch", Self.storage(of: tensor.dtype))
        string(String(storages.count))
        string("cpu")
        int(tensor.count)
        put("tQ")
        int(0)
        tuple(tensor.shape.array)
        tuple(StoredTensor.rowStrides(tensor.shape.array))
        bool(false)
        global("collections", "OrderedDict")
        put(")RtR")
        storages.append(tensor.storedBytes())
    }

    private mutating func tuple(_ numbers: [Int]) {
        put("(")
        for value in numbers { int(value) }
        put("t")
    }

    private mutating func global(_ module: String, _ name: String) { put("c\(module)\n\(name)\n") }

    private mutating func put(_ text: String) { pickle += Array(text.utf8) }

    private mutating func number(_ value: Int, _ width: Int) {
        for index in 0..<width { pickle.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    private static func storage(of dtype: DType) -> String {
        switch dtype {
        case .float32: "FloatStorage"
        case .float64: "DoubleStorage"
        case .int64: "LongStorage"
        case .uint8: "ByteStorage"
        case .bool: "BoolStorage"
        }
    }

    // MARK: The file

    /// The file's bytes: the value written so far, under the name that the archive's folder has.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` beyond 4 GB.
    public func bytes(named name: String) throws -> [UInt8] {
        let folder = name.isEmpty ? "archive" : name
        var files: [(name: String, content: [UInt8])] = [
            ("\(folder)/data.pkl", pickle + [UInt8(ascii: ".")]), ("\(folder)/byteorder", Array("little".utf8)),
        ]
        for (index, storage) in storages.enumerated() { files.append(("\(folder)/data/\(index)", storage)) }
        files.append(("\(folder)/version", Array("3\n".utf8)))
        return try ZipArchive.bytes(files, alignment: 64)
    }
}
