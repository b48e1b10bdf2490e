import CReadline
import Glibc

/// Programs that run beside this one.
enum ChildProcess {
    /// This program's file.
    static var ownPath: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "distill"
    }

    /// Starts a shell command and does not wait; none when it cannot be started.
    static func start(_ command: String) -> pid_t? {
        let process = child_start(command)
        return process > 0 ? process : nil
    }

    /// The exit status of a child that has ended, 128 + n for signal n; none while it runs.
    static func ended(_ process: pid_t) -> Int32? {
        var status: Int32 = 0
        let result = waitpid(process, &status, WNOHANG)
        if result == 0 || (result < 0 && errno == EINTR) { return nil }
        guard result == process else { return 1 }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Whether the shell finds a program.
    static func exists(_ program: String) -> Bool { system("command -v \(program) >/dev/null 2>&1") == 0 }
}
