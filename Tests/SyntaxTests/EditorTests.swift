import Glibc
import Syntax
import Testing

@Suite struct EditorTests {
    /// A file of the repository.
    private func file(_ path: String) -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        guard let file = fopen("/\(root)/\(path)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `Text mate grammar has the keywords of the lexer`() {
        let grammar = file("scripts/editors/vscode/syntaxes/dist.tmLanguage.json")
        var words: Set<String> = []
        for match in grammar.matches(of: /\\\\b\(\?:([a-z_|]+)\)\\\\b"/) {
            words.formUnion(match.output.1.split(separator: "|").map { String($0) })
        }
        #expect(words == Set(Keywords.reserved))
        for word in Keywords.contextual {
            #expect(
                grammar.contains("\\\\s*\(word)") || grammar.contains("|\(word))")
                    || grammar.contains("\\\\s*(\(word))")
                    || grammar.contains("\\\\s+\(word)("), "\(word)")
        }
    }

    @Test func `Vim file has the keywords of the lexer`() {
        let lines = file("scripts/editors/vim/syntax/dist.vim").split(separator: "\n")
        var words: Set<String> = []
        for line in lines where line.hasPrefix("syntax keyword ") {
            words.formUnion(line.split(separator: " ").dropFirst(3).map { String($0) })
        }
        #expect(words == Set(Keywords.reserved))
        for word in Keywords.contextual {
            #expect(lines.contains { $0.contains("distContextual") && $0.contains("zs\(word)\\ze") }, "\(word)")
        }
    }

    @Test func `Problem matcher reads the header of a diagnostic`() {
        #expect(file("scripts/editors/vscode/package.json").contains("┌─ (.+):"))
        #expect(file("scripts/editors/vim/ftplugin/dist.vim").contains("┌─\\ %f:%l:%c"))
    }
}
