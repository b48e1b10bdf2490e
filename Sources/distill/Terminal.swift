import Base
import Diagnostics
import Glibc
import Synchronization

/// One of the process's output streams: whether it is a terminal, whether it wants colour, and writing that survives a
/// closed reader.
struct OutputStream {
    /// What `--color` says.
    enum ColorChoice: String, CaseIterable {
        case auto, always, never
    }

    let descriptor: Int32
    let isTerminal: Bool
    let usesColor: Bool

    /// Looks at a stream; `NO_COLOR` and `TERM=dumb` count unless colour is asked for.
    init(descriptor: Int32, color: ColorChoice) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        switch color {
        case .always: usesColor = true
        case .never: usesColor = false
        case .auto:
            let refused = Environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            usesColor = isTerminal && !refused && !Self.isDumb
        }
    }

    /// Whether the terminal cannot move its cursor.
    static var isDumb: Bool { (Environment["TERM"] ?? "dumb") == "dumb" }

    /// Writes a text in the way of this stream.
    func write(_ markup: Markup) { write(usesColor ? markup.ansi : markup.plain) }

    /// The system's error number of the first output that could not be written; 0 while there is none.
    private static let failure = Atomic<Int32>(0)

    /// The exit status of a process that would end with `status`: 1 after output was lost, which is said.
    static func status(after status: Int32) -> Int32 {
        let code = failure.load(ordering: .relaxed)
        guard code != 0 else { return status }
        let error = FileError(.write, "the output", FileError.reason(code))
        OutputStream(descriptor: 2, color: .auto).writeLine(DiagnosticRenderer.render(Diagnostic(.io, error.message)))
        return status == 0 ? 1 : status
    }

    /// Writes a text. A reader that has gone away (`| head`) ends the process quietly by the signal for that, as it ends
    /// `cat`: a shell sees status 141. What else cannot be written is told at the end, see ``status(after:)``.
    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let part = offset == 0 ? bytes : Array(bytes[offset...])
            let written = Glibc.write(descriptor, part, part.count)
            if written > 0 {
                offset += written
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno == EPIPE {
                signal(SIGPIPE, SIG_DFL)
                kill(getpid(), SIGPIPE)
                exit(128 + SIGPIPE)
            } else if errno != EINTR {
                // Errors that cannot be shown have no place to be told.
                if descriptor != 2 { _ = Self.failure.compareExchange(expected: 0, desired: errno, ordering: .relaxed) }
                return
            }
        }
    }

    /// Writes a text and ends its line.
    func writeLine(_ markup: Markup = Markup()) {
        var line = markup
        line.append("\n")
        write(line)
    }

    /// The width of the window in pixels, if the terminal tells.
    var pixelWidth: Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_xpixel > 0 else { return nil }
        return Int(size.ws_xpixel)
    }

    /// Columns and rows of the terminal, 80 by 24 when it does not say.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), max(2, Int(size.ws_row)))
    }
}

/// The environment of the process, and the folders that the XDG rules derive from it.
enum Environment {
    static subscript(name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// A variable's folder, or `fallback` under the home folder; none without a home.
    private static func folder(_ variable: String, _ fallback: String) -> String? {
        if let folder = self[variable], folder.hasPrefix("/") { return folder + "/distill" }
        guard let home = self["HOME"], !home.isEmpty else { return nil }
        return "\(home)/\(fallback)/distill"
    }

    /// Where the history lives.
    static var stateFolder: String? { folder("XDG_STATE_HOME", ".local/state") }

    /// Where the init file lives.
    static var configurationFolder: String? { folder("XDG_CONFIG_HOME", ".config") }
}
