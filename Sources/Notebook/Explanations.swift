import Diagnostics
import Runtime
import Syntax

/// What `distill explain CODE` says.
package enum Explanations {
    /// The page of a code; none when there is no such code.
    package static func text(for code: String) -> Markup? {
        let code = code.uppercased()
        if let syntax = SyntaxCode(code) {
            var page = Markup(code, .error)
            page.append(": \(syntax.title)\n", .strong)
            page.append("\n\(syntax.explanation)\n")
            append("Wrong", syntax.wrong, to: &page)
            append("Right", syntax.right, to: &page)
            return page.droppingFinalNewline
        }
        guard let runtime = ErrorCode(rawValue: code) else { return nil }
        let (title, explanation) = describe(runtime)
        var page = Markup(code, .error)
        page.append(": \(title)\n", .strong)
        page.append("\n\(explanation)")
        return page
    }

    /// A hint at the codes that exist.
    package static func nearest(_ code: String) -> String {
        Nearest.match(code.uppercased(), in: codes).map { "did you mean \($0)?" }
            ?? "an error shows its code when it has one"
    }

    /// All codes.
    package static var codes: [String] { SyntaxCode.allCases.map(\.code) + ErrorCode.allCases.map(\.rawValue) }

    private static func append(_ title: String, _ source: String, to page: inout Markup) {
        guard !source.isEmpty else { return }
        page.append("\n\(title)\n", .heading)
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            page.append("    \(line)\n")
        }
    }

    private static func describe(_ code: ErrorCode) -> (title: String, explanation: String) {
        switch code {
        case .unknownName:
            (
                "a name that nothing has",
                "The name is neither a variable, a function of this file, nor in the library. Near names are suggested; "
                    + "`distill check` finds such names before anything runs."
            )
        case .unboundName:
            (
                "a variable read before it has a value",
                "A name that is assigned anywhere in a function is local in all of it, so reading it before the assignment "
                    + "fails. Assign it first, or give the local another name."
            )
        case .unknownAttribute:
            (
                "a method or field that a value has not got",
                "The message names the value's type and the nearest member; Tab after the point lists them all."
            )
        case .rebinding:
            (
                "assigning to a variable of an outer scope",
                "A function reads outer variables but cannot bind them anew. Return the value, or keep it in a list, dict "
                    + "or module field."
            )
        case .wrongType:
            (
                "a value of a type that does not fit",
                "The message names the argument, the types it takes and the type it got."
            )
        case .badOperands:
            (
                "an operator between types that it does not join",
                "For example a string and a number: write str(x) or an f-string."
            )
        case .notCallable:
            ("calling something that is no function", "Only functions, modules and some objects are called.")
        case .notACondition:
            (
                "a condition that is no bool",
                "if, while, and, or, not take a bool or a one-element bool tensor. Write the comparison out: "
                    + "len(xs) > 0, x != none, n != 0, mask.any()."
            )
        case .notIterable:
            (
                "a loop over something without elements",
                "Lists, ranges, dicts, strings, tensors, datasets can be looped over."
            )
        case .missingArgument: ("an argument is missing", "The message shows the signature.")
        case .unknownArgument:
            ("an argument that the function has not got", "The message shows the signature and the nearest name.")
        case .doubledArgument: ("an argument given twice", "Once by position and once by name, as a rule.")
        case .tooManyArguments: ("more arguments than the function takes", "The message shows the signature.")
        case .wrongOption: ("a string that is none of the options", "The message lists the options.")
        case .wrongValue: ("a value outside the allowed range", "The message gives the range.")
        case .unpacking:
            (
                "taking a list apart into another number of names",
                "a, b = xs needs exactly two elements; the message gives both numbers."
            )
        case .shape:
            (
                "tensors whose shapes do not fit",
                "The operands are underlined with their shapes. reshape, transpose, unsqueeze and flatten change them; losses "
                    + "never broadcast."
            )
        case .indexOutOfRange:
            ("an index outside a list, string or tensor", "Indices run from 0, negative ones from the end.")
        case .missingKey: ("a key that a dict has not got", "d.get(key, default) gives a default instead.")
        case .arithmetic: ("arithmetic without a result", "Division of an int by zero, or an int beyond 64 bits.")
        case .io: ("a file or folder that could not be used", "The message gives the path and the system's reason.")
        case .importCycle:
            ("files that import each other", "The message lists the files; move what both need into a third.")
        case .raised: ("an error that the script raised itself", "By raise; try { … } catch e { … } catches it.")
        case .assertion: ("an assertion that did not hold", "The condition behind assert was false.")
        case .limit:
            (
                "a limit was reached",
                "Memory, call depth, time or steps. --max-memory and --timeout set the first and the last but one."
            )
        case .interrupted: ("Ctrl-C", "The session keeps every value that was assigned before.")
        case .fault: ("a fault of distill itself", "Please report it with the cell that caused it.")
        }
    }
}
