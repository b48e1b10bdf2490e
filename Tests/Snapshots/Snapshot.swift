import Glibc

/// Texts that tests compare with what was stored before.
package enum Snapshot {
    /// The stored text of a name in the folder `Snapshots` beside a test's file; with `DISTILL_UPDATE_SNAPSHOTS=1` the
    /// new text is stored first.
    package static func stored(_ name: String, updating text: String, beside file: String) -> String {
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/Snapshots/\(name).txt"
        if getenv("DISTILL_UPDATE_SNAPSHOTS") != nil, let file = fopen(path, "w") {
            let bytes = Array(text.utf8)
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        var stored: [UInt8] = []
        if let file = fopen(path, "r") {
            while case let byte = fgetc(file), byte != EOF { stored.append(UInt8(truncatingIfNeeded: byte)) }
            fclose(file)
        }
        return String(decoding: stored, as: UTF8.self)
    }
}
