import Diagnostics
import Glibc

/// Shows long text through the user's pager, between terminals only.
struct Pager {
    private let output: OutputStream

    init(_ output: OutputStream) { self.output = output }

    /// Writes a text, through `$PAGER` (`less` when it is not set) when it is taller than the terminal.
    func show(_ text: Markup) {
        let lines = text.plain.utf8.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        guard output.isTerminal, isatty(0) == 1, !OutputStream.isDumb, lines >= output.size.rows, page(text) else {
            output.writeLine(text)
            return
        }
    }

    /// False when no pager could be started.
    private func page(_ text: Markup) -> Bool {
        let command = Environment["DISTILL_PAGER"] ?? Environment["PAGER"] ?? "less"
        if command == "cat" || command.isEmpty { return false }
        // -R keeps colours; -F and -X leave short text and what was read on the screen.
        if Environment["LESS"] == nil { setenv("LESS", "-RFX", 1) }
        var bytes = Array((output.usesColor ? text.ansi : text.plain).utf8)
        bytes.append(UInt8(ascii: "\n"))
        return Shell.ignoringInterrupts {
            guard let stream = popen(command, "w") else { return false }
            fwrite(bytes, 1, bytes.count, stream)
            // 127 is the shell's word for a command that does not exist.
            return pclose(stream) != 127 << 8
        }
    }
}
