import Glibc

/// Text files in the `Fixtures` folder beside a test.
package enum TextFile {
    /// The lines of a fixture, without empty ones; none when the file is missing, which the tests notice by their counts.
    package static func lines(_ name: String, beside file: String = #filePath) -> [Substring] {
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard let handle = fopen(folder + "/Fixtures/" + name, "r") else { return [] }
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, handle), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
