import Base
import Glibc
import Runtime

extension SessionFiles {
    /// Where a program reads: as given from the working folder, else beside the script that runs.
    ///
    /// Where both places have the name and not the same content, a note says once which was taken.
    ///
    /// - Throws: an `io` failure that names both places.
    func find(_ path: String) throws -> FoundPath {
        guard let folder, folder != ".", !path.isEmpty, !path.hasPrefix("/"), path != "-" else {
            return FoundPath(path)
        }
        let beside = folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
        switch (WholeFile.exists(path), WholeFile.exists(beside)) {
        case (true, false): return FoundPath(path)
        case (false, true): return FoundPath(beside)
        case (true, true):
            guard !Self.areEqual(path, beside), notedPaths.insert(path).inserted else { return FoundPath(path) }
            return FoundPath(
                path, note: "\(path) is in the working folder and another one beside the script: the first is read")
        case (false, false):
            throw Failure(
                .io, "cannot read \(path): it is neither in the working folder nor beside the script (\(beside))",
                help: Self.near(path).isEmpty ? Self.near(beside) : Self.near(path))
        }
    }

    /// Whether two paths lead to the same file or folder, or to files of the same bytes.
    private static func areEqual(_ first: String, _ second: String) -> Bool {
        var (one, other) = (stat(), stat())
        guard stat(first, &one) == 0, stat(second, &other) == 0 else { return false }
        if one.st_dev == other.st_dev, one.st_ino == other.st_ino { return true }
        let areFiles = one.st_mode & S_IFMT == S_IFREG && other.st_mode & S_IFMT == S_IFREG
        guard areFiles, one.st_size == other.st_size, let left = fopen(first, "re") else { return false }
        defer { fclose(left) }
        guard let right = fopen(second, "re") else { return false }
        defer { fclose(right) }
        var (a, b) = ([UInt8](repeating: 0, count: 1 << 16), [UInt8](repeating: 0, count: 1 << 16))
        while true {
            let count = fread(&a, 1, a.count, left)
            guard count == fread(&b, 1, b.count, right), a[..<count] == b[..<count] else { return false }
            if count < a.count { return true }
        }
    }
}
