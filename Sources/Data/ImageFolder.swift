import Base
import Glibc
import Tensors

/// How the images of a folder become examples.
public struct ImageFolderOptions: Sendable {
    /// Height and width of the examples; nil takes that of the images, which must then have one.
    public var size: (height: Int, width: Int)?
    /// How images of other proportions are brought to it.
    public var fit: ImageFit
    /// 1 for grey, 3 for colour; nil is 1 when all images are grey.
    public var channels: Int?
    /// Whether broken images are left out instead of being an error.
    public var skipsBroken: Bool
    /// The names of the classes in order, among which every folder must be; nil is the folders, sorted.
    public var classes: [String]?

    /// Options as they are unless said otherwise.
    public init(
        size: (height: Int, width: Int)? = nil, fit: ImageFit = .crop, channels: Int? = nil, skipsBroken: Bool = false
    ) {
        (self.size, self.fit, self.channels, self.skipsBroken) = (size, fit, channels, skipsBroken)
    }
}

/// A folder of images as a dataset, and what was left out of it.
public struct ImageFolder {
    /// x uint8 [N, C, H, W], y int64 [N].
    public let dataset: Dataset
    /// The broken images that were skipped, with what is wrong with them.
    public let skipped: [String]
}

/// Reads a folder of PNG and JPEG images; every folder in it is a class, named as the folder.
///
/// Classes and images come in the order of their names. Alpha is dropped, as by torchvision's `ImageFolder`; pictures that
/// a camera held sideways are turned upright. Pixels that would take more than a quarter of the memory that is left are
/// put into a temporary file once, and read from it batch by batch on the second thread.
///
/// - Returns: x uint8 [N, C, H, W], y int64 [N]; without folders in it, no y.
/// - Throws: ``DataError``: a file is malformed (with its name and the byte), has another size than the first, or there are
///   none; all headers are read before the first image is decoded.
public func imageFolder(_ folder: String, _ options: ImageFolderOptions) throws -> ImageFolder {
    guard [nil, 1, 3].contains(options.channels) else {
        throw DataError.argument(function: "image_folder", problem: "channels must be 1 or 3", help: nil)
    }
    if let size = options.size, !(1...10_000).contains(size.height) || !(1...10_000).contains(size.width) {
        throw DataError.argument(
            function: "image_folder", problem: "size must lie between 1 and 10,000, given \(size)", help: nil)
    }
    let names = try WholeFile.names(in: folder)
    let folders = names.filter { $0.hasSuffix("/") && !$0.hasPrefix(".") }.map { String($0.dropLast()) }
    let classes = folders.isEmpty ? [] : options.classes ?? folders
    if let unknown = folders.first(where: { !classes.contains($0) }) {
        throw DataError.content(
            path: folder + "/" + unknown,
            problem: "the class \"\(unknown)\" is not among "
                + classes.prefix(10).joined(separator: ", "), help: nil)
    }
    var files: [(path: String, label: Int)] = []
    if classes.isEmpty {
        files = try images(in: folder, names).map { ($0, 0) }
    } else {
        if let stray = try images(in: folder, names.filter { !$0.hasSuffix("/") }).first {
            throw DataError.content(
                path: stray, problem: "an image beside the folders of the classes",
                help: "move it into the folder of its class")
        }
        for (label, name) in classes.enumerated() where folders.contains(name) {
            let place = folder + "/" + name
            files += try images(in: place, WholeFile.names(in: place)).map { ($0, label) }
        }
    }
    var reading = try ImageReading(files, options, folder: folder)
    return try reading.folder(classes: classes.isEmpty ? nil : classes, name: folder)
}

/// Reads a folder of images of one size.
///
/// - Throws: as ``imageFolder(_:_:)``.
public func imageFolder(_ folder: String, channels: Int? = nil) throws -> Dataset {
    try imageFolder(folder, ImageFolderOptions(channels: channels)).dataset
}

/// The image files of a folder and of those within it.
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
        if ["png", "jpg", "jpeg"].contains(end) { files.append(folder + "/" + name) }
        if ["bmp", "gif", "tif", "tiff", "webp"].contains(end) {
            throw DataError.content(
                path: folder + "/" + name, problem: "expected PNG or JPEG images",
                help: "other formats are not read; ImageMagick converts them: mogrify -format png *.\(end)")
        }
    }
    return files
}

/// The images of one folder on their way to a dataset.
private struct ImageReading {
    private var files: [(path: String, label: Int)]
    private let options: ImageFolderOptions
    private var skipped: [String] = []
    private let size: (height: Int, width: Int)
    private let planes: Int

    /// Reads all headers.
    init(_ files: [(path: String, label: Int)], _ options: ImageFolderOptions, folder: String) throws {
        self.files = []
        self.options = options
        var headers: [ImageHeader] = []
        for file in files {
            if headers.count % 64 == 0 { try Interrupt.check() }
            do {
                headers.append(try ImageHeader(ByteSource(reading: file.path)))
                self.files.append(file)
            } catch let error as any DescribedError where options.skipsBroken && error.kind == .io {
                skipped.append(error.message)
            }
        }
        guard let first = headers.first else {
            throw DataError.content(
                path: folder,
                problem: files.isEmpty ? "no PNG or JPEG images here" : "no image that is not broken",
                help: "one folder for each class is expected")
        }
        if options.size == nil {
            for (header, file) in zip(headers, self.files)
            where header.width != first.width || header.height != first.height {
                throw DataError.content(
                    path: file.path,
                    problem: "\(header.width) × \(header.height) pixels, where \(self.files[0].path) has "
                        + "\(first.width) × \(first.height)",
                    help: "size=[224, 224] brings all images to one size")
            }
        }
        size = options.size ?? (first.height, first.width)
        planes = options.channels ?? (headers.allSatisfy { $0.channels == 1 } ? 1 : 3)
    }

    /// Decodes the images, into memory if they fit.
    mutating func folder(classes: [String]?, name: String) throws -> ImageFolder {
        let bytes = planes * size.height * size.width
        let total = files.count * bytes
        let stored: Dataset.Stored
        let labels: [Int]
        if total < 32 << 20 || total <= Tensor.availableMemory / 4 {
            var x = [UInt8](repeating: 0, count: total)
            labels = try decode { image, position in
                x.withUnsafeMutableBytes { image.copyPlanes(into: $0, at: position * bytes) }
            }
            x.removeLast(total - labels.count * bytes)
            stored = .memory(.tensor(try Tensor(x, shape: [labels.count, planes, size.height, size.width])))
        } else {
            let pixels = try PixelFile(recordBytes: bytes)
            var record = [UInt8](repeating: 0, count: bytes)
            labels = try decode { image, position in
                record.withUnsafeMutableBytes { image.copyPlanes(into: $0, at: 0) }
                try pixels.write(record, at: position)
            }
            let file = try pixels.records(shape: [planes, size.height, size.width])
            stored = .file(file, records: try .indices(labels.count))
        }
        guard !labels.isEmpty else {
            throw DataError.content(path: name, problem: "no image that is not broken", help: nil)
        }
        let dataset = try Dataset(
            stored: stored, y: classes == nil ? nil : Tensor(labels), classes: classes, name: name)
        return ImageFolder(dataset: dataset, skipped: skipped)
    }

    /// Hands the images in order to `take` and gives the labels of those that were whole.
    private mutating func decode(_ take: (PixelImage, Int) throws -> Void) throws -> [Int] {
        var labels: [Int] = []
        for (index, file) in files.enumerated() {
            if index % 16 == 0 { try Interrupt.check() }
            do {
                var image = try PixelImage(reading: file.path, channels: planes)
                if options.size != nil {
                    image = try image.fitted(options.fit, height: size.height, width: size.width)
                }
                guard image.height == size.height, image.width == size.width else {
                    throw DataError.content(path: file.path, problem: "the file changed while it was read", help: nil)
                }
                try take(image, labels.count)
                labels.append(file.label)
            } catch let error as any DescribedError where options.skipsBroken && error.kind == .io {
                skipped.append(error.message)
            }
        }
        return labels
    }
}

/// Pixels in a temporary file without a name, so that it goes with the process however that ends.
private struct PixelFile {
    private let descriptor: Int32
    private let path: String
    private let recordBytes: Int

    init(recordBytes: Int) throws {
        self.recordBytes = recordBytes
        let variable = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let folder = variable.isEmpty ? "/var/tmp" : variable
        var template = Array((folder + "/distill-images-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw FileError(.write, folder, FileError.reason(errno))
        }
    }

    func write(_ record: [UInt8], at position: Int) throws {
        var done = 0
        while done < record.count {
            let count = record.withUnsafeBytes { bytes in
                pwrite(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done,
                    off_t(position * recordBytes + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                unlink(path)
                close(descriptor)
                throw FileError(.write, path, FileError.reason(code))
            }
            done += count
        }
    }

    /// The file as records; it has no name from here on.
    func records(shape: [Int]) throws -> RecordFile {
        defer {
            unlink(path)
            close(descriptor)
        }
        return try RecordFile(path, offset: 0, dtype: .uint8, recordShape: shape)
    }
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
