import Base
import Glibc
import Tensors

/// The published image datasets that are read from their original files.
public enum NamedDataset: String, Sendable, CaseIterable {
    /// Handwritten digits (Y. LeCun, C. Cortes, C. Burges, 1998): 60,000 and 10,000 images of 28 × 28.
    case mnist
    /// Clothes in the format of MNIST (H. Xiao, K. Rasul, R. Vollgraf, 2017).
    case fashionMNIST = "fashion_mnist"
    /// Cursive Japanese in the format of MNIST (T. Clanuwat et al., 2018).
    case kmnist
    /// Photographs of ten kinds of things (A. Krizhevsky, 2009): 50,000 and 10,000 images of 3 × 32 × 32.
    case cifar10
    /// Photographs of a hundred kinds of things (A. Krizhevsky, 2009).
    case cifar100

    /// Which of the published parts.
    public enum Split: String, Sendable, CaseIterable {
        /// The training images.
        case train
        /// The test images.
        case test
    }

    /// The names of the classes.
    public var classes: [String] {
        switch self {
        case .mnist: (0..<10).map(String.init)
        case .fashionMNIST:
            [
                "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                "Ankle boot",
            ]
        case .kmnist: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
        case .cifar10: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        case .cifar100: Self.hundred
        }
    }

    /// Reads one part: x uint8 [N, C, H, W], which becomes numbers in 0…1 batch by batch, and y int64.
    ///
    /// - Parameters:
    ///   - folder: Where the files are; nil looks where `scripts/fetch-data` puts them.
    ///   - beside: The folder of the script that asks; `data/NAME` is looked up in it too.
    ///   - split: Which part.
    /// - Throws: ``DataError``: the files are not there (the help says where to get them), or a file is malformed.
    public func read(_ split: Split, folder: String? = nil, beside script: String? = nil) throws -> Dataset {
        let folders = folders(folder, script)
        func find(_ names: [String]) throws -> String { try self.find(names, folders) }
        let title = rawValue + (split == .test ? " (test)" : "")
        switch self {
        case .mnist, .fashionMNIST, .kmnist:
            let part = split == .train ? "train" : "t10k"
            let images = try find([part + "-images-idx3-ubyte", part + "-images.idx3-ubyte"])
            let labels = try find([part + "-labels-idx1-ubyte", part + "-labels.idx1-ubyte"])
            return try readIDX(images, labels: labels, classes: classes, name: title)
        case .cifar10:
            let names = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
            return try readCIFAR(try names.map { try find([$0]) }, labelBytes: 1, classes: classes, name: title)
        case .cifar100:
            let file = try find([split.rawValue + ".bin"])
            return try readCIFAR([file], labelBytes: 2, classes: classes, name: title)
        }
    }

    /// The first of these files that exists, compressed or not.
    private func find(_ names: [String], _ folders: [String]) throws -> String {
        for folder in folders {
            for name in names.flatMap({ [$0, $0 + ".gz"] }) where WholeFile.exists(folder + "/" + name) {
                return folder + "/" + name
            }
        }
        throw DataError.content(
            path: folders.first ?? ".",
            problem: "no \(names[0]) here"
                + (folders.count > 1 ? ", nor in \(folders.dropFirst().joined(separator: ", "))" : ""),
            help: "scripts/fetch-data \(rawValue) downloads the files; they come from \(source). "
                + "Files that you have are found with dir=")
    }

    private func folders(_ given: String?, _ script: String?) -> [String] {
        // The archives of CIFAR unpack into folders of their own.
        let inner: [String] =
            switch self {
            case .cifar10: ["", "/cifar-10-batches-bin"]
            case .cifar100: ["", "/cifar-100-binary"]
            default: [""]
            }
        var roots: [String] = []
        if let given {
            roots = [given, given + "/" + rawValue]
        } else {
            if let data = Self.environment("DISTILL_DATA") { roots.append(data + "/" + rawValue) }
            roots.append("data/" + rawValue)
            if let script, script != "." { roots.append(script + "/data/" + rawValue) }
            let share = Self.environment("XDG_DATA_HOME") ?? Self.environment("HOME").map { $0 + "/.local/share" }
            if let share { roots.append(share + "/distill/" + rawValue) }
        }
        return roots.flatMap { root in inner.map { root + $0 } }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private var source: String {
        switch self {
        case .mnist: "http://yann.lecun.com/exdb/mnist"
        case .fashionMNIST: "https://github.com/zalandoresearch/fashion-mnist"
        case .kmnist: "http://codh.rois.ac.jp/kmnist"
        case .cifar10, .cifar100: "https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)"
        }
    }

    private static let hundred = """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
        caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
        flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
        maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
        plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
        snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
        trout tulip turtle wardrobe whale willow_tree wolf woman worm
        """.split { $0 == " " || $0 == "\n" }.map(String.init)
}
