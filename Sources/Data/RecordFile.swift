import Base
import Glibc
import Tensors

/// Examples of one size one after another in an open file: what datasets larger than memory are read from.
final class RecordFile {
    let path: String
    let descriptor: Int32
    /// Where the first record begins.
    let offset: Int
    let dtype: DType
    /// The sizes of one example.
    let recordShape: [Int]

    /// Opens the file.
    ///
    /// - Throws: ``FileError``.
    init(_ path: String, offset: Int, dtype: DType, recordShape: [Int]) throws {
        descriptor = try FileBytes.open(path)
        self.path = path
        self.offset = offset
        self.dtype = dtype
        self.recordShape = recordShape
    }

    deinit { close(descriptor) }

    var recordBytes: Int { recordShape.reduce(1, *) * dtype.itemSize }

    /// What a failed read is to people.
    func error(_ failure: BatchAssembly.ReadFailure) -> any Error {
        if failure.code != 0 {
            return FileError(.read, path, FileError.reason(failure.code))
        }
        return DataError.byte(
            path: path, offset: offset + failure.record * recordBytes,
            problem: "the file ends here, and was longer when it was opened")
    }
}
