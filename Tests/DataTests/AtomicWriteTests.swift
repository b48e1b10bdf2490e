import Base
import Data
import Glibc
import Tensors
import Testing

/// Files appear whole or not at all.
@Suite struct `Atomic writes` {
    /// A file system of 64 KiB in memory, which takes the rights of root; nil without them.
    private static func smallDisk() -> String? {
        var template = Array("/tmp/distill-disk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else {
            rmdir(path)
            return nil
        }
        return path
    }

    @Test func `A full disk leaves the old file and nothing else`() throws {
        guard let disk = Self.smallDisk() else {
            print("skipped: mounting a small disk takes the rights of root")
            return
        }
        defer {
            umount2(disk, 2)  // MNT_DETACH
            rmdir(disk)
        }
        let path = disk + "/x.npy"
        try NPY.write(Tensor([1, 2, 3]), to: path)
        let old = try FileBytes.read(path)
        let writes: [() throws -> Void] = [
            { try NPY.write(.zeros([100_000]), to: path) }, { try NPZ.write(["a": .zeros([100_000])], to: path) },
            { try SafeTensors(["a": .zeros([100_000])]).write(to: path) },
        ]
        for write in writes {
            let error = #expect(throws: FileError.self) { try write() }
            #expect(error?.message.contains("no space left") == true, "\(error?.message ?? "")")
            #expect(try FileBytes.read(path) == old)
        }
        // There is room again for what fits: nothing unfinished was left behind.
        try NPY.write(.zeros([12_000]), to: path)
    }

    @Test func `A folder that cannot be made, or is a file, is an error`() throws {
        #expect(throws: FileError.self) { try NPY.write(Tensor([1]), to: "/no/such/folder/x.npy") }
        #expect(throws: FileError.self) { try NPY.write(Tensor([1]), to: "/tmp") }
        #expect(throws: FileError.self) { try NPY.read("/tmp") }
        #expect(throws: FileError.self) { try WholeFile.makeFolder("/dev/null/folder") }
    }
}
