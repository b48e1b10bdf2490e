import Tensors

/// Reads the binary version of CIFAR-10 or CIFAR-100: records of one label byte (two: coarse and fine) and 3 × 32 × 32 bytes.
///
/// - Parameters:
///   - paths: The files, one behind the other.
///   - labelBytes: 1 for CIFAR-10, 2 for CIFAR-100, of which the last is taken.
///   - classes: Their names.
/// - Returns: x uint8 [N, 3, 32, 32], y int64 [N].
/// - Throws: ``DataError`` naming file and byte offset.
public func readCIFAR(_ paths: [String], labelBytes: Int, classes: [String], name: String = "cifar") throws -> Dataset {
    let pixels = 3 * 32 * 32
    let record = labelBytes + pixels
    var x: [UInt8] = []
    var y: [Int] = []
    for path in paths {
        let bytes = try FileBytes.read(path)
        guard !bytes.isEmpty, bytes.count % record == 0 else {
            throw DataError.byte(
                path: path, offset: bytes.count - bytes.count % record,
                problem: "expected records of \(record) bytes, found \(bytes.count % record) at the end")
        }
        x.reserveCapacity(bytes.count / record * pixels * paths.count)
        for start in stride(from: 0, to: bytes.count, by: record) {
            let label = Int(bytes[start + labelBytes - 1])
            guard label < classes.count else {
                throw DataError.byte(
                    path: path, offset: start + labelBytes - 1,
                    problem: "expected a label below \(classes.count), found \(label)")
            }
            y.append(label)
            x.append(contentsOf: bytes[start + labelBytes..<start + record])
        }
    }
    return try Dataset(
        x: Tensor(x, shape: [y.count, 3, 32, 32]), y: Tensor(y), classes: classes, name: name)
}
