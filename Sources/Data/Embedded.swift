import CEmbedded
import Tensors

/// The handwritten digits inside the binary: x float32 [1797, 64] (8×8 pixels, /16), y int64, classes `"0"` … `"9"`.
///
/// The data are the UCI optical digits of E. Alpaydin and C. Kaynak (1998), CC BY 4.0.
///
/// - Throws: a limit error when memory is short.
public func digits() throws -> Dataset {
    let file = embedded_digits()
    var bytes = [UInt8](repeating: 0, count: file.length)
    embedded_copy(file, &bytes)
    let table = try CSVTable(bytes: bytes, path: "digits.csv")
    let labelled = try table.dataset(labels: [table.columns.count - 1], name: "digits")
    return try Dataset(
        input: .tensor(labelled.x().to(.float32).scaled(by: 1.0 / 16)), y: labelled.y, classes: labelled.classes,
        name: "digits")
}

/// The names of ImageNet's 1,000 classes in the order of published networks' logits, as torchvision gives them.
public func imageNetClasses() -> [String] {
    let file = embedded_imagenet_classes()
    var bytes = [UInt8](repeating: 0, count: file.length)
    embedded_copy(file, &bytes)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
