import Builtins
import Data
import Diagnostics
import Distillation
import Runtime
import Testing

/// The training and distillation library is complete and documented.
@Suite struct `Distillation declarations` {
    static let groups = ["Training", "Distillation"]

    static var builtins: [Builtin] {
        let library = Library.standard()
        let all =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap(\.values).flatMap(\.overloads)
        return all.filter { groups.contains($0.group.title) }.sorted { $0.name < $1.name }
    }

    /// The schemes that are promised, and what judges them.
    static let others = """
        term compare agreement fidelity_kl evaluate predict fit distill mutual born_again distill_chain self_distill
        mean_teacher route_constrained noisy_student trials sweep verdict
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test func `Every name is bound`() {
        let library = Library.standard()
        for name in Library.methods.map(\.name) + Self.others { #expect(library.functions[name] != nil, "\(name)") }
    }

    @Test func `Every declaration is documented`() {
        for builtin in Self.builtins {
            #expect(builtin.summary.hasSuffix("."), "\(builtin.name): the summary is a sentence")
            #expect(!builtin.examples.isEmpty, "\(builtin.name): has an example")
            #expect(
                builtin.parameters.allSatisfy { !$0.documentation.isEmpty }, "\(builtin.name): documents its parameters"
            )
        }
    }

    /// The functions that make a term of a method.
    static var methods: [Builtin] {
        builtins.filter { $0.receiver == nil && $0.result == "an objective of one term" && $0.name != "term" }
    }

    /// A term's formula in `help` is the one that the objective shows.
    @Test(arguments: methods.map(\.name)) func `The declared formula is the term's`(_ name: String) throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let layers = ["fsp", "svd"].contains(name) ? "[\"0\" -> \"0\", \"1\" -> \"1\"]" : ""
        let value = try interpreter.run(SourceText(name: name, text: "\(name)(\(layers)).formula"))
        let declared = Self.methods.first { $0.name == name }?.formula
        // An adapter stands in the declared formula where there may be one.
        if name == "feature" { return }
        #expect(value.text == declared)
    }

    /// Every term of the language is compared with PyTorch: a method without a fixture fails here.
    @Test func `Every method has fixtures`() throws {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let names = try ["terms", "trained_terms"].flatMap { file -> [String] in
            let json = try JSON(parsing: FileBytes.read("/\(folder)/DistillationTests/Fixtures/\(file).json"))
            return (json.array ?? []).compactMap { $0["call"]?.string }
        }
        #expect(Set(Self.methods.map(\.name)) == Set(Library.methods.map(\.name)))
        #expect(Self.methods.count >= 37)
        for method in Self.methods.map(\.name) {
            let own = names.filter { $0.hasPrefix(method + "(") }
            #expect(!own.isEmpty, "\(method) has a case in scripts/golden/distillation.py or trained_terms.py")
        }
    }

    /// A page has formula, paper, the authors' weight, when to use the method, related names and an example.
    @Test func `Every method has a page`() {
        for method in Self.methods {
            #expect(method.formula != nil, "\(method.name): formula")
            for part in ["Paper: ", "Suggested: ", "When: "] {
                let line = method.notes.first { $0.hasPrefix(part) }
                #expect(line.map { $0.count > part.count + 10 && $0.hasSuffix(".") } == true, "\(method.name): \(part)")
            }
            #expect(!method.seeAlso.isEmpty && !method.examples.isEmpty, "\(method.name)")
        }
    }

    /// The page of a scheme has its paper and an example.
    @Test func `Every scheme has a page`() {
        let schemes = Self.builtins.filter { $0.parameters.contains { $0.name == "clip_grad_norm" } }
        let taught = schemes.filter { !["fit", "distill"].contains($0.name) }
        #expect(
            Set(taught.map(\.name)) == [
                "mutual", "born_again", "distill_chain", "self_distill", "mean_teacher", "route_constrained",
                "noisy_student",
            ])
        for scheme in taught {
            #expect(scheme.notes.contains { $0.contains("arXiv:") }, "\(scheme.name)")
            #expect(!scheme.seeAlso.isEmpty && !scheme.examples.isEmpty, "\(scheme.name)")
        }
    }

    /// The weight of a page stands in what it suggests.
    @Test func `Suggested weights are written out`() {
        for page in Library.methods where page.weight != 1 {
            let text = page.weight == page.weight.rounded() ? String(Int(page.weight)) : "\(page.weight)"
            #expect(page.use.contains("\(text) * \(page.name)("), "\(page.name): \(text) in \(page.use)")
        }
    }

    /// A page names older methods, and these show it in turn.
    @Test func `Related methods name each other`() {
        for page in Library.methods {
            for name in page.related {
                guard let other = Self.methods.first(where: { $0.name == name }) else { continue }
                #expect(other.seeAlso.contains(page.name), "\(name) and \(page.name)")
            }
        }
    }

    /// The guide's table comes from the pages.
    @Test func `The table of methods holds each method once, in its family's line`() {
        let lines = Library.methodTable.split(separator: "\n")
        for page in Library.methods {
            let own = lines.filter { line in
                line.dropFirst(23).split(whereSeparator: { " ,:".contains($0) }).contains { $0 == page.name }
            }
            #expect(own.contains { $0.hasPrefix(page.family.title) }, "\(page.name)")
        }
        #expect(lines.allSatisfy { $0.count <= 120 }, "\(lines.filter { $0.count > 120 })")
    }

    /// The table beside the other frameworks has a row for every method.
    @Test func `The README lists every method with its weight`() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try FileBytes.read(root + "/Sources/Distillation/README.md")
        let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("| `") }
        for page in Library.methods {
            let row = rows.first { $0.hasPrefix("| `\(page.name)` |") }
            let cells = (row ?? "").split(separator: "|").map { $0.trimming { $0 == " " } }
            let weight = page.weight == page.weight.rounded() ? String(Int(page.weight)) : "\(page.weight)"
            #expect(cells.count == 9 && cells[2] == weight, "\(page.name), weight \(weight): \(row ?? "no row")")
        }
    }
}

extension Substring {
    fileprivate func trimming(_ isSpace: (Character) -> Bool) -> Substring {
        let head = drop(while: isSpace)
        return head.dropLast(head.reversed().prefix(while: isSpace).count)
    }
}
