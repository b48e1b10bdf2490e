import Base
import Diagnostics
import Drawing
import Glibc
import Notebook

/// Pictures inside the terminal, where it can show them.
struct TerminalImages {
    /// How a terminal takes pictures.
    enum Method {
        case kitty, iTerm, sixel
    }

    private let output: OutputStream

    init(_ output: OutputStream) { self.output = output }

    /// How this terminal takes pictures; none when it does not. The environment says so for some, others are asked.
    func method() -> Method? {
        guard output.isTerminal, isatty(0) == 1, !OutputStream.isDumb else { return nil }
        if let choice = Environment["DISTILL_IMAGES"] {
            return choice == "kitty" ? .kitty : choice == "iterm" ? .iTerm : choice == "sixel" ? .sixel : nil
        }
        let program = Environment["TERM_PROGRAM"] ?? ""
        if program == "iTerm.app" || program == "mintty" { return .iTerm }
        // A multiplexer would swallow or garble pictures.
        if Environment["TMUX"] != nil || (Environment["TERM"] ?? "").hasPrefix("screen") { return nil }
        if Environment["KITTY_WINDOW_ID"] != nil || program == "WezTerm" || program == "ghostty" { return .kitty }
        return Self.method(in: answerToQueries())
    }

    /// What a terminal's answer promises: kitty's to the picture, or attribute 4, sixel graphics, among its attributes.
    static func method(in answer: String) -> Method? {
        if answer.contains("_Gi=31;OK") { return .kitty }
        guard let start = answer.ranges(of: "\u{1B}[?").last?.upperBound else { return nil }
        let attributes = answer[start...].prefix { $0 != "c" }.split(separator: ";")
        return attributes.dropFirst().contains("4") ? .sixel : nil
    }

    /// Asks with a picture of one pixel, then for the terminal's attributes, which every terminal answers.
    private func answerToQueries() -> String {
        var saved = termios()
        guard tcgetattr(0, &saved) == 0 else { return "" }
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(0, TCSANOW, &raw)
        defer { tcsetattr(0, TCSANOW, &saved) }
        output.write("\u{1B}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\\u{1B}[c")
        var answer: [UInt8] = []
        var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        var chunk = [UInt8](repeating: 0, count: 256)
        while answer.last != UInt8(ascii: "c"), poll(&waiting, 1, 200) > 0 {
            let count = read(0, &chunk, chunk.count)
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Shows a PNG.
    ///
    /// - Throws: `DrawingError` when the picture cannot be read back for sixels.
    func show(png: [UInt8], method: Method) throws {
        let columns = min(output.size.columns - 1, 100)
        let data = Base64.encode(png)
        switch method {
        case .iTerm:
            output.write("\u{1B}]1337;File=inline=1;size=\(png.count);width=\(columns):")
            output.write(data + "\u{07}\n")
        case .sixel:
            let image = try PNG.decode(png).image.scaled(toWidth: min(output.pixelWidth ?? 800, 1000))
            output.write(Sixel.encode(image) + "\n")
        case .kitty:
            var rest = Substring(data)
            var isFirst = true
            while !rest.isEmpty {
                let part = rest.prefix(4096)
                rest = rest.dropFirst(4096)
                let head = isFirst ? "a=T,f=100,c=\(columns)," : ""
                output.write("\u{1B}_G\(head)m=\(rest.isEmpty ? 0 : 1);\(part)\u{1B}\\")
                isFirst = false
            }
            output.write("\n")
        }
    }
}
