import Diagnostics

/// A text with places where it may go to the next line (after Wadler, *A prettier printer*, 1998).
struct Layout: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        /// A blank, or a line end when the group is broken.
        case line
        /// Nothing, or a line end when the group is broken.
        case softLine
        case hardLine
        /// An empty line: two line ends without blanks between them.
        case emptyLine
        case nest(Layout)
        case group(Layout)
        case sequence([Layout])
        /// One text when the group is broken, another when it stands on one line.
        case choose(broken: String, flat: String)
        /// The first when it fits up to its first line end, else the second.
        case either(Layout, Layout)
    }

    let kind: Kind
    /// Whether a line end inside it is certain.
    let mustBreak: Bool

    private init(_ kind: Kind, mustBreak: Bool) {
        self.kind = kind
        self.mustBreak = mustBreak
    }

    static func text(_ text: String) -> Layout { Layout(.text(text), mustBreak: false) }
    static let line = Layout(.line, mustBreak: false)
    static let softLine = Layout(.softLine, mustBreak: false)
    static let hardLine = Layout(.hardLine, mustBreak: true)
    static let emptyLine = Layout(.emptyLine, mustBreak: true)
    static func nest(_ inner: Layout) -> Layout { Layout(.nest(inner), mustBreak: inner.mustBreak) }
    static func group(_ inner: Layout) -> Layout { Layout(.group(inner), mustBreak: inner.mustBreak) }
    static func choose(broken: String, flat: String) -> Layout {
        Layout(.choose(broken: broken, flat: flat), mustBreak: false)
    }
    static func either(_ first: Layout, _ second: Layout) -> Layout {
        Layout(.either(first, second), mustBreak: first.mustBreak)
    }
    static func sequence(_ parts: [Layout]) -> Layout {
        Layout(.sequence(parts), mustBreak: parts.contains { $0.mustBreak })
    }

    // MARK: - Printing

    private struct Command {
        var indent: Int
        var isFlat: Bool
        var layout: Layout
    }

    /// The text with every group on one line that fits into `width` columns.
    func printed(width: Int) -> String {
        var output = ""
        var column = 0
        var pendingIndent = 0
        var commands = [Command(indent: 0, isFlat: false, layout: self)]
        func breakLine(_ indent: Int) {
            output += "\n"
            pendingIndent = indent
            column = indent
        }
        func write(_ text: String) {
            guard !text.isEmpty else { return }
            if pendingIndent > 0 { output += String(repeating: " ", count: pendingIndent) }
            pendingIndent = 0
            output += text
            column = Self.column(after: text, from: column)
        }
        while let command = commands.popLast() {
            switch command.layout.kind {
            case .text(let text): write(text)
            case .line: command.isFlat ? write(" ") : breakLine(command.indent)
            case .softLine: if !command.isFlat { breakLine(command.indent) }
            case .hardLine: breakLine(command.indent)
            case .emptyLine:
                output += "\n"
                breakLine(command.indent)
            case .choose(let broken, let flat): write(command.isFlat ? flat : broken)
            case .either(let first, let second):
                let next = Command(indent: command.indent, isFlat: true, layout: first)
                let layout = Self.fits(next, commands, width - column) ? first : second
                commands.append(Command(indent: command.indent, isFlat: command.isFlat, layout: layout))
            case .nest(let inner):
                commands.append(Command(indent: command.indent + 4, isFlat: command.isFlat, layout: inner))
            case .sequence(let parts):
                for part in parts.reversed() {
                    commands.append(Command(indent: command.indent, isFlat: command.isFlat, layout: part))
                }
            case .group(let inner):
                var next = Command(indent: command.indent, isFlat: true, layout: inner)
                if !command.isFlat {
                    next.isFlat = !inner.mustBreak && Self.fits(next, commands, width - column)
                }
                commands.append(next)
            }
        }
        return output
    }

    /// Whether a command on one line, and what follows up to the next line end, fits.
    private static func fits(_ command: Command, _ rest: [Command], _ width: Int) -> Bool {
        var remaining = width
        var stack = [command]
        var place = rest.count
        while remaining >= 0 {
            guard let next = stack.popLast() else {
                if place == 0 { return true }
                place -= 1
                stack.append(rest[place])
                continue
            }
            switch next.layout.kind {
            case .text(let text):
                if let end = text.utf8.firstIndex(of: 0x0A) {
                    return remaining >= DisplayWidth.of(String(text[..<end]))
                }
                remaining -= Self.width(of: text)
            case .line:
                if !next.isFlat { return true }
                remaining -= 1
            case .softLine: if !next.isFlat { return true }
            case .hardLine, .emptyLine: return true
            case .choose(let broken, let flat): remaining -= Self.width(of: next.isFlat ? flat : broken)
            case .either(let inner, _), .nest(let inner):
                stack.append(Command(indent: 0, isFlat: next.isFlat, layout: inner))
            case .group(let inner):
                // A group behind the command may still break where it can, whether it will or not: a text that is
                // already broken there is then laid out alike.
                stack.append(Command(indent: 0, isFlat: next.isFlat, layout: inner))
            case .sequence(let parts):
                // No more parts than columns are left can matter, as nearly every part takes one.
                for part in parts.prefix(4 * width + 16).reversed() {
                    stack.append(Command(indent: 0, isFlat: next.isFlat, layout: part))
                }
            }
        }
        return false
    }

    private static func width(of text: String) -> Int {
        // Comments may stand beyond the margin.
        text.hasPrefix("  #") ? 0 : DisplayWidth.of(text)
    }

    private static func column(after text: String, from column: Int) -> Int {
        guard let lineEnd = text.utf8.lastIndex(of: 0x0A) else { return column + width(of: text) }
        return DisplayWidth.of(String(text[text.utf8.index(after: lineEnd)...]))
    }
}
