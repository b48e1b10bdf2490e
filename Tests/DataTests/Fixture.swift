import Base
import Data
import Glibc
import Tensors

/// The files that `scripts/golden/readers.py` wrote, and places for files of a test's own.
enum Fixture {
    static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures"

    static func path(_ name: String) -> String { folder + "/" + name }

    static func bytes(_ name: String) throws -> [UInt8] { try FileBytes.read(path(name)) }

    /// The files that were written of one object of PyTorch's.
    static func torch(_ name: String) -> [String] {
        ((try? WholeFile.names(in: folder + "/torch")) ?? [])
            .filter { $0.hasPrefix(name + ".") && $0.hasSuffix(".pt") }.map { "torch/" + $0 }
    }

    /// Numbers that another library computed.
    static func numbers(_ name: String) throws -> [Double] { try readIDX(path(name + ".idx")).doubles() }

    /// The elements that the script gives its arrays.
    static func pattern(_ count: Int) -> [Int] { (0..<count).map { (37 * $0 + 11) % 251 } }

    /// A folder that is gone when the test is over.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/distill-data-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.write, "/tmp", "no folder") }
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { remove(folder) }
        return try body(folder)
    }

    private static func remove(_ folder: String) {
        for name in WholeFile.namesIfAny(in: folder) {
            if name.hasSuffix("/") { remove(folder + "/" + name.dropLast()) } else { unlink(folder + "/" + name) }
        }
        rmdir(folder)
    }

    /// Writes a file and gives its path.
    static func write(_ bytes: [UInt8], _ name: String, in folder: String) throws -> String {
        try WholeFile.write(bytes, to: folder + "/" + name)
        return folder + "/" + name
    }

    /// An IDX file of bytes.
    static func idx(_ shape: [Int], _ elements: [UInt8]) -> [UInt8] {
        let sizes = shape.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
        return [0, 0, 8, UInt8(shape.count)] + sizes + elements
    }
}

/// A variable of the environment.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
