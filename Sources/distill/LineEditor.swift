import CReadline
import Diagnostics
import Glibc

/// What the editor asks while a cell is being typed.
protocol CellAssistant: AnyObject {
    /// Whether Enter runs the text, or why it goes on.
    func readiness(of text: String) -> CellReadiness
    /// The words that fit at byte `point`, and the byte where the word begins.
    func completions(in text: String, at point: Int) -> (start: Int, words: [String])
    /// The text with its colours; the characters stay the same.
    func highlight(_ text: String) -> Markup
    /// Pasted text without the prompts of a copied session.
    func cleanPaste(_ text: String) -> String
}

/// What Enter does.
enum CellReadiness {
    case runs
    /// The cell goes on: why, and how many blanks the next line begins with.
    case continues(reason: String, indentation: Int)
}

/// Reads cells from a terminal with GNU readline: its keys, its history search and the user's ~/.inputrc, with a display
/// of our own that shows several lines, colours and the reason why a cell goes on.
final class LineEditor {
    enum Entry {
        case cell(String)
        /// Ctrl-C.
        case cancelled
        /// Ctrl-D, or the terminal is gone.
        case ended
    }

    private let output: OutputStream
    private let draws: Bool
    private weak var assistant: (any CellAssistant)?
    private var prompt = Markup()
    private var continuation = Markup()
    private var cursorRow = 0

    /// An editor on the terminal of `output`; none when readline cannot use it.
    init?(output: OutputStream, assistant: any CellAssistant) {
        self.output = output
        self.assistant = assistant
        draws = !OutputStream.isDumb
        guard editor_open("distill", draws) else { return nil }
    }

    /// Puts an entry of an earlier session where the arrow keys and Ctrl-R find it.
    func remember(_ entry: String) { editor_history_add(entry) }

    /// Reads one cell. `text` is already there when editing begins.
    func read(prompt: Markup, continuation: Markup, text: String = "") -> Entry {
        self.prompt = prompt
        self.continuation = continuation
        cursorRow = 0
        if !text.isEmpty { editor_preload(text) }
        editor_begin(draws ? "" : prompt.plain, questions)
        while true {
            switch editor_next() {
            case EDITOR_CHANGED: draw()
            case EDITOR_ACCEPTED:
                let cell = String(cString: editor_text())
                if draws {
                    draw(cell, point: cell.utf8.count, isFinal: true)
                    output.write("\r\n")
                }
                return .cell(cell)
            case EDITOR_CANCELLED:
                output.write(draws ? "\u{1B}[J^C\r\n" : "^C\n")
                return .cancelled
            case EDITOR_LISTED:
                list()
                draw()
            case EDITOR_CLEARED:
                output.write("\u{1B}[H\u{1B}[2J")
                cursorRow = 0
                draw()
            case EDITOR_RESIZED: draw()
            case EDITOR_RESUMED:
                cursorRow = 0
                draw()
            default:
                if draws { output.write("\r\n") }
                return .ended
            }
        }
    }

    // MARK: Drawing

    private func draw() {
        draw(String(cString: editor_text()), point: Int(editor_point()), isFinal: false)
    }

    /// Replaces what stands on the screen in one write, so that nothing flickers.
    private func draw(_ text: String, point: Int, isFinal: Bool) {
        guard draws else { return }
        let layout = layout(text, point: point, isFinal: isFinal)
        // What is taller than the screen shows the part around the cursor.
        let height = max(1, Int(editor_rows()) - 1)
        let first = isFinal ? 0 : max(0, min(layout.cursorRow - height / 2, layout.rows.count - height))
        let shown = isFinal ? layout.rows[...] : layout.rows[first..<min(first + height, layout.rows.count)]
        var screen = "\u{1B}[?25l"
        if cursorRow > 0 { screen += "\u{1B}[\(cursorRow)A" }
        screen += "\r"
        screen += shown.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        screen += "\u{1B}[J"
        let below = shown.count - 1 - (layout.cursorRow - first)
        if below > 0 { screen += "\u{1B}[\(below)A" }
        screen += "\r"
        if layout.cursorColumn > 0 { screen += "\u{1B}[\(layout.cursorColumn)C" }
        screen += "\u{1B}[?25h"
        cursorRow = layout.cursorRow - first
        output.write(screen)
    }

    private func layout(_ text: String, point: Int, isFinal: Bool) -> CellLayout {
        let columns = Int(editor_columns())
        if !isFinal, let message = editor_message() {
            let found = Markup(String(cString: message), .prompt)
            return CellLayout(
                prompt: found, continuation: continuation, text: Markup(text), point: point, columns: columns,
                usesColor: output.usesColor)
        }
        var hint = ""
        if !isFinal, text.contains("\n"), point == text.utf8.count, lastLineIsBlank(text),
            case .continues(let reason, _) = assistant?.readiness(of: text)
        {
            hint = reason
        }
        var colored = assistant?.highlight(text) ?? Markup(text)
        if colored.plain != text { colored = Markup(text) }
        return CellLayout(
            prompt: prompt, continuation: continuation, text: colored, point: point, hint: hint, columns: columns,
            usesColor: output.usesColor)
    }

    private func lastLineIsBlank(_ text: String) -> Bool {
        text.utf8.reversed().prefix { $0 != UInt8(ascii: "\n") }.allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// The words below the cell in columns, at most half a screen of them.
    private func list() {
        let words = (0..<Int(editor_word_count())).map { String(cString: editor_word(Int32($0))) }
        let columns = Int(editor_columns())
        let widest = (words.map { DisplayWidth.of($0) }.max() ?? 0) + 2
        let perRow = max(1, columns / widest)
        let rows = min((words.count + perRow - 1) / perRow, max(3, Int(editor_rows()) / 2))
        var lines: [String] = []
        // Down the columns, as ls and readline list names.
        let full = (words.count + perRow - 1) / perRow
        for row in 0..<rows {
            let cells = stride(from: row, to: words.count, by: full).map { words[$0] }
            lines.append(
                cells.map { $0 + String(repeating: " ", count: widest - DisplayWidth.of($0)) }.joined())
        }
        let hidden =
            words.count - (0..<rows).reduce(0) { $0 + stride(from: $1, to: words.count, by: full).underestimatedCount }
        let layout = layout(String(cString: editor_text()), point: Int(editor_point()), isFinal: true)
        let below = layout.rows.count - 1 - cursorRow
        if below > 0 { output.write("\u{1B}[\(below)B") }
        var text = Markup("\r\n" + lines.joined(separator: "\r\n"))
        if hidden > 0 { text.append("\r\n… \(hidden) more", .dim) }
        text.append("\r\n")
        output.write(text)
        cursorRow = 0
    }

    // MARK: Questions

    /// readline's callbacks carry this object as their context, and only while `read` is running.
    private var questions: editor_questions {
        editor_questions(
            context: Unmanaged.passUnretained(self).toOpaque(),
            entered: { context, text, point in
                guard let context, let text else { return true }
                let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
                return editor.entered(String(cString: text), point: Int(point))
            },
            complete: { context, text, point in
                guard let context, let text else { return point }
                let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
                return Int32(editor.complete(String(cString: text), point: Int(point)))
            },
            pasted: { context, text, start, end in
                guard let context, let text else { return }
                let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
                editor.pasted(String(cString: text), start: Int(start), end: Int(end))
            })
    }

    private func entered(_ text: String, point: Int) -> Bool {
        guard case .continues(_, let indentation) = assistant?.readiness(of: text) else {
            let aligned = alignClosingBracket(text)
            if aligned != text { editor_replace(aligned, Int32(aligned.utf8.count)) }
            return true
        }
        let bytes = Array(text.utf8)
        let head = String(decoding: bytes[..<min(point, bytes.count)], as: UTF8.self)
        let tail = String(decoding: bytes[min(point, bytes.count)...], as: UTF8.self)
        let aligned = alignClosingBracket(head)
        let grown = aligned + "\n" + String(repeating: " ", count: indentation)
        editor_replace(grown + tail, Int32(grown.utf8.count))
        return false
    }

    /// A line that holds only a closing bracket loses the indentation that the editor gave it.
    private func alignClosingBracket(_ head: String) -> String {
        var lines = head.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let last = lines.last, let first = last.first(where: { $0 != " " }), "}])".contains(first),
            case .continues(_, let indentation) = assistant?.readiness(of: lines.dropLast().joined(separator: "\n"))
        else { return head }
        let wanted = String(repeating: " ", count: max(0, indentation - 4))
        lines[lines.count - 1] = wanted + last.drop { $0 == " " }
        return lines.joined(separator: "\n")
    }

    private func complete(_ text: String, point: Int) -> Int {
        guard let (start, words) = assistant?.completions(in: text, at: point) else { return point }
        for word in words { editor_add_word(word) }
        return start
    }

    private func pasted(_ text: String, start: Int, end: Int) {
        let bytes = Array(text.utf8)
        guard let assistant, start < end, end <= bytes.count else { return }
        let raw = String(decoding: bytes[start..<end], as: UTF8.self)
        let clean = assistant.cleanPaste(raw)
        guard clean != raw else { return }
        let head = String(decoding: bytes[..<start], as: UTF8.self) + clean
        editor_replace(head + String(decoding: bytes[end...], as: UTF8.self), Int32(head.utf8.count))
    }
}
