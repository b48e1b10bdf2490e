import Base
import Glibc

/// Rows of numbers in a temporary file, for what would not fit into memory.
///
/// The file has no name from the start, so that it goes with the object or the process, however that ends.
package final class RowFile {
    /// The shape of one row.
    package let rowShape: [Int]
    /// The numbers' dtype.
    package let dtype: DType
    /// How many rows there are.
    package private(set) var count = 0
    private let descriptor: Int32
    private let rowBytes: Int

    /// An empty file in the folder for temporary files (`TMPDIR`, else `/var/tmp`, which is on a disk).
    ///
    /// - Throws: ``RowFileError``.
    package init(rowShape: [Int], dtype: DType) throws {
        self.rowShape = rowShape
        self.dtype = dtype
        rowBytes = rowShape.reduce(1, *) * dtype.itemSize
        var template = Array((Self.folder + "/distill-cache-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw RowFileError(operation: "make a file in \(Self.folder)", code: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    deinit { close(descriptor) }

    private static var folder: String {
        guard let variable = getenv("TMPDIR"), variable.pointee != 0 else { return "/var/tmp" }
        return String(cString: variable)
    }

    /// Bytes that the folder for temporary files has room for; 0 when that cannot be known.
    package static var availableBytes: Int {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return 0 }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Adds rows, [B, …].
    ///
    /// - Throws: ``RowFileError`` when the disk is full, a shape error for rows of another shape.
    package func append(_ rows: Tensor) throws {
        guard Array(rows.shape.array.dropFirst()) == rowShape, rows.dtype == dtype else {
            throw TensorError.wrongCount(
                function: "cache", shape: rows.shape, sizes: [rows.shape.first ?? 0] + rowShape)
        }
        var done = 0
        try rows.withBytes { bytes in
            while done < bytes.count {
                let written = pwrite(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(count * rowBytes + done))
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw RowFileError(operation: "write the teacher's values", code: errno) }
                done += written
            }
        }
        count += rows.shape.first ?? 0
    }

    /// The rows at some positions, in that order.
    ///
    /// - Throws: ``RowFileError``; a limit error when memory is short.
    package func rows(at index: [Int]) throws -> Tensor {
        let values = try Values(Shape([index.count] + rowShape), dtype)
        let base = values.raw
        for (position, row) in index.enumerated() {
            guard row >= 0, row < count else {
                throw TensorError.indexOutOfRange(function: "cache", index: row, size: count, dim: 0)
            }
            var done = 0
            while done < rowBytes {
                let got = pread(
                    descriptor, base + position * rowBytes + done, rowBytes - done, off_t(row * rowBytes + done))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { throw RowFileError(operation: "read the teacher's values", code: errno) }
                done += got
            }
        }
        return Tensor(values)
    }
}

/// A temporary file that cannot be used.
package struct RowFileError: DescribedError {
    let operation: String
    let code: Int32

    /// `io`.
    package var kind: FailureKind { .io }
    /// What failed, and why.
    package var message: String { "cannot \(operation): \(String(cString: strerror(code)))" }
    /// Where else it could be.
    package var help: String? { "TMPDIR names another folder; cache=\"off\" does without" }
}
