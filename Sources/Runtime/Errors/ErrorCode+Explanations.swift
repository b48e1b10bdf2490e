import Diagnostics

extension ErrorCode {
    /// The page of a code.
    public var page: ExplanationPage {
        switch self {
        case .unknownName, .unboundName, .unknownAttribute, .rebinding: namePage
        case .wrongType, .badOperands, .notCallable, .notACondition, .notIterable: typePage
        case .missingArgument, .unknownArgument, .doubledArgument, .tooManyArguments, .wrongOption: callPage
        default: valuePage
        }
    }

    private var namePage: ExplanationPage {
        switch self {
        case .unboundName:
            ExplanationPage(
                "a variable read before it has a value",
                "A name that is assigned anywhere in a function is local in all of it, so reading it before the "
                    + "assignment fails. Assign it first, or give the local another name.",
                wrong: "fn step() {\n    print(loss)\n    loss = 0.5\n}\nstep()",
                right: "fn step() {\n    loss = 0.5\n    print(loss)\n}\nstep()")
        case .unknownAttribute:
            ExplanationPage(
                "a method or field that a value has not got",
                "The message names the value's type and the nearest member; Tab after the point lists them all.",
                wrong: "randn(2, 3).shpae", right: "randn(2, 3).shape")
        case .rebinding:
            ExplanationPage(
                "assigning to a variable of an outer scope",
                "A function reads outer variables but cannot bind them anew: the assignment makes the name the "
                    + "function's own. Return the value, or keep it in a list, a dict or a module's field.",
                wrong: "count = 0\nfn add() { count += 1 }\nadd()",
                right: "count = 0\nfn next(n) { return n + 1 }\ncount = next(count)")
        default:
            ExplanationPage(
                "a name that nothing has",
                "The name is neither a variable, a function of this file, nor in the library. Near names are "
                    + "suggested; `distill check` finds such names before anything runs.",
                wrong: "teacher = Linear(4, 2)\nprint(teachr)", right: "teacher = Linear(4, 2)\nprint(teacher)")
        }
    }

    private var typePage: ExplanationPage {
        switch self {
        case .badOperands:
            ExplanationPage(
                "an operator between types that it does not join",
                "Nothing is converted silently. Text comes from str(x) or an f-string, a number from int(x) or "
                    + "float(x).", wrong: "\"epoch \" + 3", right: "\"epoch \" + str(3)")
        case .notCallable:
            ExplanationPage(
                "calling something that is no function",
                "Functions, modules, losses and some other objects are called with round brackets; numbers, strings, "
                    + "lists and tensors are not.", wrong: "lr = 0.1\nlr(3)", right: "lr = epoch => 0.1 / epoch\nlr(3)")
        case .notACondition:
            ExplanationPage(
                "a condition that is no bool",
                "if, while, and, or, not take a bool or a one-element bool tensor. Write the comparison out: "
                    + "len(xs) > 0, x != none, n != 0, mask.any().",
                wrong: "losses = [0.5]\nif losses { print(\"some\") }",
                right: "losses = [0.5]\nif len(losses) > 0 { print(\"some\") }")
        case .notIterable:
            ExplanationPage(
                "a loop over something without elements",
                "Lists, ranges, dicts, strings, tensors and datasets can be looped over. An int is no range.",
                wrong: "for epoch in 3 { print(epoch) }", right: "for epoch in range(3) { print(epoch) }")
        default:
            ExplanationPage(
                "a value of a type that does not fit",
                "The message names the argument, the types it takes and the type it got.", wrong: "relu(\"text\")",
                right: "relu(tensor([-1.0, 2.0]))")
        }
    }

    private var callPage: ExplanationPage {
        switch self {
        case .unknownArgument:
            ExplanationPage(
                "an argument that the function has not got",
                "The message shows the signature and the nearest name. Argument names are those of PyTorch.",
                wrong: "Linear(64, 10, bais=false)", right: "Linear(64, 10, bias=false)")
        case .doubledArgument:
            ExplanationPage(
                "an argument given twice", "Once by position and once by name, as a rule.",
                wrong: "Linear(64, 10, in_features=64)", right: "Linear(64, 10)")
        case .tooManyArguments:
            ExplanationPage(
                "more arguments than the function takes",
                "The message shows the signature. For several values pass one list.", wrong: "exp(1.0, 2.0)",
                right: "exp(tensor([1.0, 2.0]))")
        case .wrongOption:
            ExplanationPage(
                "a string that is none of the options", "The message lists the options, and Tab completes them.",
                wrong: "KLDivLoss(reduction=\"batchmeen\")", right: "KLDivLoss(reduction=\"batchmean\")")
        default:
            ExplanationPage(
                "an argument is missing",
                "Parameters without a default must be given. The message shows the signature.", wrong: "Linear(64)",
                right: "Linear(64, 10)")
        }
    }

    private var valuePage: ExplanationPage {
        switch self {
        case .wrongValue:
            ExplanationPage(
                "a value outside the allowed range", "The message gives the range and the value.",
                wrong: "Dropout(1.5)", right: "Dropout(0.5)")
        case .unpacking:
            ExplanationPage(
                "taking a list apart into another number of names",
                "a, b = xs needs exactly two elements; the message gives both numbers.", wrong: "a, b = [1, 2, 3]",
                right: "a, b, c = [1, 2, 3]")
        case .shape:
            ExplanationPage(
                "tensors whose shapes do not fit",
                "The operands are underlined with their shapes. reshape, transpose, unsqueeze and flatten change "
                    + "them; losses never broadcast. `distill check` finds networks whose sizes do not meet.",
                wrong: "randn(64, 256) @ randn(128, 10)", right: "randn(64, 256) @ randn(256, 10)")
        case .indexOutOfRange:
            ExplanationPage(
                "an index outside a list, string or tensor",
                "Indices run from 0 to the length less 1, negative ones from -1 at the end backwards.",
                wrong: "losses = [0.9, 0.5]\nlosses[2]", right: "losses = [0.9, 0.5]\nlosses[-1]")
        case .missingKey:
            ExplanationPage(
                "a key that a dict has not got",
                "d.get(key, default) gives a default instead, and key in d asks.",
                wrong: "config = {\"lr\": 0.1}\nconfig[\"T\"]", right: "config = {\"lr\": 0.1}\nconfig.get(\"T\", 4)")
        case .arithmetic:
            ExplanationPage(
                "arithmetic without a result",
                "A division by zero, or an int beyond 64 bits. Floats follow IEEE: write 10.0 ** 30 for large numbers.",
                wrong: "2 ** 64", right: "2.0 ** 64")
        case .io:
            ExplanationPage(
                "a file or folder that could not be used",
                "The message gives the path and the system's reason. Paths are relative to the working directory, "
                    + "those of import to the importing file; what a script reads may lie beside the script too.",
                wrong: "read_text(\"gone.txt\")",
                right: "if exists(\"gone.txt\") { read_text(\"gone.txt\") }")
        case .importCycle:
            ExplanationPage(
                "files that import each other",
                "The message lists the files; move what both need into a third.",
                wrong: "import \"kd.dist\" as kd  # in kd.dist itself", right: "import \"std/models.dist\" as models")
        case .raised:
            ExplanationPage(
                "an error that the script raised itself", "By raise; try { … } catch e { … } catches it.",
                wrong: "raise \"diverged\"", right: "try { raise \"diverged\" } catch e { print(e.message) }")
        case .assertion:
            ExplanationPage(
                "an assertion that did not hold",
                "The condition behind assert was false; the operands of its comparison are shown with their values.",
                wrong: "accuracy = 0.4\nassert accuracy > 0.9, \"the teacher must be worth learning from\"",
                right: "accuracy = 0.95\nassert accuracy > 0.9, \"the teacher must be worth learning from\"")
        case .limit:
            ExplanationPage(
                "a limit was reached",
                "Call depth, memory, time or steps. Memory that cannot be had is refused before it is taken; "
                    + "--max-memory and --timeout set limits of your own.",
                wrong: "fn endless(n) { return endless(n + 1) }\nendless(0)",
                right: "fn down(n) { return if n == 0 { 0 } else { down(n - 1) } }\ndown(100)")
        case .interrupted:
            ExplanationPage(
                "Ctrl-C", "The session keeps every value that was assigned before; a training keeps its weights.",
                wrong: "", right: "")
        default:
            ExplanationPage(
                "a fault of distill itself", "Please report it with the cell that caused it.", wrong: "", right: "")
        }
    }
}
