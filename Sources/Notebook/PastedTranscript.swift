/// A copied session: text with the prompts that a REPL printed in front of what was typed.
package enum PastedTranscript {
    /// The typed text alone. Text without prompts comes back as it is; outputs between prompts are dropped.
    ///
    /// The prompts of this REPL and of IPython (`In [3]:`, `...:`) and of Python (`>>>`, `...`) are known.
    package static func strip(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }), opening(first) != nil else {
            return text
        }
        var kept: [Substring] = []
        var isTyped = false
        for line in lines {
            if let typed = opening(line) {
                kept.append(typed)
                isTyped = true
            } else if isTyped, let typed = continuation(line) {
                kept.append(typed)
            } else {
                isTyped = false
            }
        }
        return kept.joined(separator: "\n")
    }

    private static func opening(_ line: Substring) -> Substring? {
        let line = line.drop { $0 == " " }
        if line.hasPrefix(">>>") { return afterBlank(line.dropFirst(3)) }
        guard line.hasPrefix("In [") else { return nil }
        let rest = line.dropFirst(4).drop { $0.isNumber || $0 == " " }
        return rest.hasPrefix("]:") ? afterBlank(rest.dropFirst(2)) : nil
    }

    private static func continuation(_ line: Substring) -> Substring? {
        let line = line.drop { $0 == " " }
        if line.hasPrefix("...:") { return afterBlank(line.dropFirst(4)) }
        guard line == "..." || line.hasPrefix("... ") else { return nil }
        return afterBlank(line.dropFirst(3))
    }

    private static func afterBlank(_ line: Substring) -> Substring {
        line.hasPrefix(" ") ? line.dropFirst() : line
    }
}
