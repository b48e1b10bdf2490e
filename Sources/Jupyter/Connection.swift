import Base
import Data
import Notebook

/// Where a client expects a kernel, from the file that it was started with.
package struct Connection: Sendable {
    /// The transport: `tcp` or `ipc`.
    let transport: String
    /// The address, or the path that the ports are appended to.
    let ip: String
    /// The port of each channel.
    let shell: Int, control: Int, stdin: Int, iopub: Int, heartbeat: Int
    /// The secret that both sides sign with; empty for no signatures.
    let key: [UInt8]

    /// Reads a connection file.
    ///
    /// - Throws: ``KernelError`` for a file that cannot be read, is none, or asks for another signature.
    package init(file path: String) throws(KernelError) {
        let bytes: [UInt8]
        do { bytes = try WholeFile.read(path) } catch {
            throw KernelError(error.message)
        }
        guard let json = try? JSON(parsing: bytes) else {
            throw KernelError("\(path) is no connection file: it is not JSON")
        }
        func port(_ name: String) throws(KernelError) -> Int {
            guard let port = json[name]?.integer, (1...65_535).contains(port) else {
                throw KernelError("\(path) is no connection file: it has no \(name)")
            }
            return port
        }
        guard let ip = json["ip"]?.string else { throw KernelError("\(path) is no connection file: it has no ip") }
        let scheme = json["signature_scheme"]?.string ?? "hmac-sha256"
        guard scheme == "hmac-sha256" else {
            throw KernelError("signatures are made with hmac-sha256, not \(scheme)")
        }
        transport = json["transport"]?.string ?? "tcp"
        self.ip = ip
        shell = try port("shell_port")
        control = try port("control_port")
        stdin = try port("stdin_port")
        iopub = try port("iopub_port")
        heartbeat = try port("hb_port")
        key = Array((json["key"]?.string ?? "").utf8)
    }

    /// The address of a port as ZeroMQ writes it.
    func address(_ port: Int) -> String { transport == "ipc" ? "ipc://\(ip)-\(port)" : "\(transport)://\(ip):\(port)" }
}
