import Base
import Data
import Drawing
import Glibc
import Notebook

/// What tells Jupyter that the kernel is there: a folder with a description and pictures.
package enum Kernelspec {
    /// The name of the folder, and of the kernel in notebooks.
    package static let name = "distill"

    /// Where kernels are looked for.
    package enum Place {
        /// For this user: `$JUPYTER_DATA_DIR`, else `$XDG_DATA_HOME/jupyter` or `~/.local/share/jupyter`.
        case user
        /// `share/jupyter` below a folder such as `/usr/local`.
        case prefix(String)

        /// The folder that holds the kernels.
        ///
        /// - Throws: ``KernelError`` when no home folder is known.
        func folder() throws(KernelError) -> String {
            switch self {
            case .prefix(let folder): return folder + "/share/jupyter/kernels"
            case .user:
                if let data = Self.variable("JUPYTER_DATA_DIR") { return data + "/kernels" }
                if let data = Self.variable("XDG_DATA_HOME") { return data + "/jupyter/kernels" }
                guard let home = Self.variable("HOME") else {
                    throw KernelError("HOME is not set", help: "--prefix DIR names the place")
                }
                return home + "/.local/share/jupyter/kernels"
            }
        }

        /// The environment that is active: `$CONDA_PREFIX` or `$VIRTUAL_ENV`.
        ///
        /// - Throws: ``KernelError`` when none is.
        package static func activeEnvironment() throws(KernelError) -> Place {
            guard let folder = variable("CONDA_PREFIX") ?? variable("VIRTUAL_ENV") else {
                throw KernelError(
                    "no Python environment is active: neither CONDA_PREFIX nor VIRTUAL_ENV is set",
                    help: "--user installs for you, --prefix DIR anywhere")
            }
            return .prefix(folder)
        }

        private static func variable(_ name: String) -> String? {
            guard let text = getenv(name), text.pointee != 0 else { return nil }
            return String(cString: text)
        }
    }

    /// Writes the folder; where it is.
    ///
    /// - Parameter program: the path of the program that Jupyter starts.
    /// - Throws: ``KernelError`` when it cannot be written.
    package static func install(_ place: Place, program: String) throws(KernelError) -> String {
        let folder = try place.folder() + "/" + name
        try makeFolder(folder)
        let spec = JSON.object([
            (
                "argv",
                .array([
                    .string(program), .string("kernel"), .string("--connection"), .string("{connection_file}"),
                ])
            ), ("display_name", .string("Distill (Dist)")), ("language", .string("dist")),
            ("interrupt_mode", .string("message")), ("metadata", .object([("debugger", .bool(false))])),
        ])
        try write(Array((spec.indented + "\n").utf8), folder + "/kernel.json")
        for size in [32, 64] {
            guard let picture = try? Logo.png(size) else { throw KernelError("the logo cannot be drawn") }
            try write(picture, folder + "/logo-\(size)x\(size).png")
        }
        try write(Array(Logo.svg.utf8), folder + "/logo-svg.svg")
        return folder
    }

    /// Takes the folder away; where it was, nil when there was none.
    ///
    /// - Throws: ``KernelError`` when it cannot be removed.
    package static func uninstall(_ place: Place) throws(KernelError) -> String? {
        let folder = try place.folder() + "/" + name
        guard WholeFile.exists(folder + "/kernel.json") else { return nil }
        for file in ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"] { unlink(folder + "/" + file) }
        guard rmdir(folder) == 0 else {
            throw KernelError("cannot remove \(folder): \(String(cString: strerror(errno)).lowercased())")
        }
        return folder
    }

    private static func makeFolder(_ path: String) throws(KernelError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, 0o755) != 0, errno != EEXIST {
                throw KernelError("cannot make \(made): \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(KernelError) {
        do { try WholeFile.write(bytes, to: path) } catch {
            throw KernelError(error.message)
        }
    }
}
