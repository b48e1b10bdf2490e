import Base
import CPNG
import Glibc
import Tensors

/// Reads a folder of PNG images; every folder in it is a class, named as the folder.
///
/// Classes and images come in the order of their names. Images are grey, colour or palette, of 1 to 16 bits, interlaced or
/// not; alpha is dropped, as by torchvision's `ImageFolder`.
///
/// - Parameters:
///   - folder: The folder. Without folders in it, its images are read without labels.
///   - channels: 1 for grey, 3 for colour; nil is 1 when all images are grey.
/// - Returns: x uint8 [N, C, H, W], y int64 [N].
/// - Throws: ``DataError``: a file is malformed (with its name and the byte), has another size than the first, or there are
///   none; all sizes are compared before the first image is decoded.
public func imageFolder(_ folder: String, channels: Int? = nil) throws -> Dataset {
    guard channels == nil || channels == 1 || channels == 3 else {
        throw DataError.argument(function: "image_folder", problem: "channels must be 1 or 3", help: nil)
    }
    let names = try WholeFile.names(in: folder)
    let classes = names.filter { $0.hasSuffix("/") && !$0.hasPrefix(".") }.map { String($0.dropLast()) }
    var files: [(path: String, label: Int)] = []
    if classes.isEmpty {
        files = try images(in: folder, names).map { ($0, 0) }
    } else {
        if let stray = try images(in: folder, names.filter { !$0.hasSuffix("/") }).first {
            throw DataError.content(
                path: stray, problem: "an image beside the folders of the classes",
                help: "move it into the folder of its class")
        }
        for (label, name) in classes.enumerated() {
            let place = folder + "/" + name
            files += try images(in: place, WholeFile.names(in: place)).map { ($0, label) }
        }
    }
    guard let first = files.first else {
        throw DataError.content(
            path: folder, problem: "no PNG images here", help: "one folder for each class is expected")
    }
    let headers = try files.map { try PNGHeader($0.path) }
    for (header, file) in zip(headers, files)
    where header.width != headers[0].width || header.height != headers[0].height {
        throw DataError.content(
            path: file.path,
            problem: "\(header.width) × \(header.height) pixels, where \(first.path) has "
                + "\(headers[0].width) × \(headers[0].height)", help: "all images of a dataset must have one size")
    }
    let planes = channels ?? (headers.allSatisfy(\.isGrey) ? 1 : 3)
    let size = planes * headers[0].width * headers[0].height
    guard files.count * size < 32 << 20 || files.count * size <= Tensor.availableMemory else {
        throw FileError(
            .read, folder, "its \(files.count * size >> 20) MiB of pixels are more than the memory that is left",
            kind: .limit)
    }
    var x = [UInt8](repeating: 0, count: files.count * size)
    for (index, file) in files.enumerated() {
        if index % 64 == 0 { try Interrupt.check() }
        try decode(file.path, planes: planes, headers[0], into: &x, at: index * size)
    }
    return try Dataset(
        x: Tensor(x, shape: [files.count, planes, headers[0].height, headers[0].width]),
        y: classes.isEmpty ? nil : Tensor(files.map(\.label)), classes: classes.isEmpty ? nil : classes, name: folder)
}

/// The PNG files of a folder and of those within it.
///
/// `above` are the folders on the way there: a link that leads back to one of them is no folder with images of its own.
private func images(in folder: String, _ names: [String], above: [FolderIdentity] = []) throws -> [String] {
    try Interrupt.check()
    guard let identity = FolderIdentity(folder), !above.contains(identity) else { return [] }
    var files: [String] = []
    for name in names where !name.hasPrefix(".") {
        if name.hasSuffix("/") {
            let inner = folder + "/" + name.dropLast()
            files += try images(in: inner, WholeFile.names(in: inner), above: above + [identity])
            continue
        }
        let end = name.lowercased().split(separator: ".").last ?? ""
        if end == "png" { files.append(folder + "/" + name) }
        if ["jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp"].contains(end) {
            throw DataError.content(
                path: folder + "/" + name, problem: "expected PNG images",
                help: "other formats are not read; ImageMagick converts them: mogrify -format png *.\(end)")
        }
    }
    return files
}

/// Size and kind of an image, from the first bytes of its file.
private struct PNGHeader {
    let width: Int
    let height: Int
    let isGrey: Bool

    static let mostPixels = 100_000_000

    init(_ path: String) throws {
        let bytes = try FileBytes.read(path, offset: 0, count: 33)
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
            throw DataError.byte(path: path, offset: 0, problem: "expected the signature of a PNG file")
        }
        guard bytes.count == 33 else {
            throw DataError.byte(path: path, offset: bytes.count, problem: "the file ends in the header of the image")
        }
        func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        width = number(16)
        height = number(20)
        // Grey with or without alpha.
        isGrey = bytes[25] == 0 || bytes[25] == 4
        guard width > 0, height > 0, width <= Self.mostPixels / height else {
            throw DataError.byte(
                path: path, offset: 16,
                problem: "an image of \(width) × \(height) pixels; the limit is \(Self.mostPixels / 1_000_000) million")
        }
    }
}

private func decode(_ path: String, planes: Int, _ header: PNGHeader, into x: inout [UInt8], at offset: Int) throws {
    let bytes = try FileBytes.read(path)
    guard let reader = cpng_reader_create() else { throw FileError(.read, path, "out of memory", kind: .limit) }
    defer { cpng_reader_destroy(reader) }
    let pixels = header.width * header.height
    guard cpng_reader_decode(reader, bytes, bytes.count, planes == 1 ? 1 : 4, UInt64(pixels)) == 1 else {
        throw DataError.byte(
            path: path, offset: cpng_reader_offset(reader), problem: String(cString: cpng_reader_message(reader)))
    }
    guard Int(cpng_reader_width(reader)) == header.width, Int(cpng_reader_height(reader)) == header.height else {
        throw DataError.content(path: path, problem: "the file changed while it was read", help: nil)
    }
    cpng_reader_copy_planes(reader, &x, offset, Int32(planes))
}

/// Which folder it is, whatever the path to it.
private struct FolderIdentity: Equatable {
    let device: dev_t
    let number: ino_t

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = status.st_dev
        number = status.st_ino
    }
}
