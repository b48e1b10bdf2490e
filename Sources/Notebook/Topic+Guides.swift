import Builtins
import Runtime

extension Topic {
    static let languageGuide = """
        # Dist in ten minutes

        Dist reads like Python with braces, and its library like PyTorch. Everything below can be typed at the prompt.

        # Values
            count = 3                       # int; 0.5 is a float, true and false are bools, none is nothing
            name = "student"                # a string; f"…" fills in values, in Python's format:
            print(f"{name} {count:03d} {2 / 3:.2f}")
            losses = [0.9, 0.5, 0.4]        # a list: losses[0], losses[-1], losses[1:]
            config = {"lr": 1e-3, "T": 4}   # a dict: config["lr"] or config.lr
            first, [second, third] = 1, [2, 3]
            x = tensor([[1.0, 2.0], [3.0, 4.0]])
            x[0, 1]; x[:, 0]; x.shape; x @ x.T; x.mean(dim=1)

        There is no tuple: 1, 2 makes a list. Lists, dicts, tensors and networks are references; copy() and clone() copy.
        Names may be Unicode, α = 0.9. 7 / 2 is 3.5, 7 // 2 is 3, and an int that outgrows 64 bits is an error.

        A block is { … }. There is no colon and no indentation rule; # starts a comment. A line end ends a statement,
        except inside ( ) and [ ] and behind an operator or a comma; ; puts several on one line.

        # Deciding and repeating
            best = if losses[-1] < 0.5 { "good" } else { "not yet" }
            for i, loss in enumerate(losses) {
                if loss > 0.8 { continue }
                print(i, loss)
            }
            while count > 0 { count -= 1 }
            squares = [n ** 2 for n in range(5) if n % 2 == 0]
            lengths = {word: len(word) for word in ["teacher", "student"]}

        A condition is a bool: write len(xs) > 0, x != none, not (n in xs). Comparisons chain: 0 < n <= 9.

        # Functions
            fn kd(s, t, T=4) {
                "The soft-label loss of Hinton et al."
                return T ** 2 * kl_div(log_softmax(s / T, dim=1), softmax(t / T, dim=1), reduction="batchmean")
            }
            kd(randn(8, 10), randn(8, 10), T=2)
            fn area(width, height=width, *rest, **options) { width * height }    # the last expression is the value
            half = v => v / 2
            [1, 2, 3].map(half)             # x.f(…) is f(x, …) when x has no method f
            randn(2, 3) |> softmax(dim=1)   # and so is x |> f(…)
            pair = "teacher" -> "student"   # a pair: pair[0], pair[1]

        A string at the head of a function is its help text: ?kd shows it, ??kd shows the source. A name that a function
        assigns is the function's own; it reads the variables outside but does not rebind them.

        # Gradients
            w = randn(3, requires_grad=true)
            loss = ((w - 1) ** 2).sum()
            loss.backward()
            w.grad
            no_grad { w -= 0.1 * w.grad }

        # Networks
            net = Sequential(Linear(4, 16), ReLU(), Linear(16, 2))
            module Residual(width) {
                inner = Linear(width, width)
                calls = 0
                fn forward(x) {
                    self.calls += 1
                    return x + relu(inner(x))
                }
            }
            block = Residual(16)
            net(randn(5, 4)).shape
            block(randn(5, 16)); block.calls; block.inner.weight.shape

        Names bound in a module's body are its fields; those that hold layers are its parameters. Methods read fields by
        name and write them as self.name. A network's parts have paths such as "0" or "layer3.0.bn1".

        # Errors
            try { [1, 2][5] } catch e { print(e.kind, e.message) }
            assert len(losses) == 3, "three epochs"
            fn checked(loss) { if loss > 10 { raise "diverged" } else { loss } }

        Every error names what is wrong, shows where, and has a code that distill explain describes. distill check FILE
        finds wrong names, arguments, options and the shapes of networks before anything runs.

        # Files
            import "std/models.dist" as models
            resnet = models.resnet8(num_classes=10)
            param T = 4

        A .dist file is a notebook: # %% at the start of a line begins a cell, # %% [markdown] a text cell. import runs a
        file once, relative to the importing one, and gives its names. param declares a constant that
        distill run file.dist --set T=8 overrides. distill fmt FILE gives a file the one layout.

        More: distill help python, distill help distillation, distill doc NAME.
        """

    static let pythonGuide = """
        # For those who come from Python and PyTorch

        Names, argument names, defaults and numbers of PyTorch's functions and layers are kept. The rest:

          Python                          Dist
          def f(x): …                     fn f(x) { … }
          lambda x: x + 1                 x => x + 1
          class Net(nn.Module): …         module Net() { … fn forward(x) { … } }
          True, False, None               true, false, none
          if a: … elif b: … else: …       if a { … } else if b { … } else { … }
          a if c else b                   if c { a } else { b }
          with torch.no_grad(): …         no_grad { … }
          try: … except E as e: …         try { … } catch e { … }
          x not in xs                     not (x in xs)
          (1, 2)                          [1, 2]
          torch.tensor, nn.Linear, F.relu tensor, Linear, relu
          x.view(2, 3)                    x.reshape(2, 3)
          optimizer.step()                optimizer.step()

        Differences that matter:
        - Slices and reshapes of a tensor are independent tensors, never views.
        - A condition takes a bool; write len(xs) > 0 and x != none.
        - There are no devices: everything runs on the processor.
        - The innermost open bracket decides whether a line end ends the statement.
        """

    static let replGuide = """
        # The REPL

        Enter runs a complete cell and continues an incomplete one; Alt-Enter always adds a line.
        Up and Down walk through the lines of a cell, then through history; Ctrl-R searches it.
        Tab completes names, members, argument names, options, data sets, columns and paths.
        Ctrl-C stops what is running and keeps every value; Ctrl-D on an empty line leaves.
        A result is Out[n], _n and, the last one, _ . An assignment shows nothing, and ; silences.

          ?name, name?      help on a name; ??name the source of a function
          :help TOPIC       a topic, a name, or words to search for
          :vars             the variables, with their types and shapes
          :type EXPR        the type of a value
          :time CODE        run once and show the time; :timeit repeats it
          :run FILE         run a script in this session
          :load FILE        put a file into the editor
          :save FILE        write the entries that succeeded as a notebook
          :edit [N]         edit entry N, or a new one, in $EDITOR
          :report FILE      write the session as .html or .md
          :plot [FILE]      show the last figure again, or write it
          :set [NAME VALUE] show or change a setting (seed, threads)
          :history [N]      the last entries
          :clear            clear the screen
          :reset            forget every variable
          :quit             leave

        readline's keys, vi mode and ~/.inputrc work ($if distill for lines of its own).
        """

    static let distillationGuide = """
        # Distillation in one cell

            digits = dataset("digits")
            train, val, test = split(digits, test=0.2, val=0.1)
            teacher = Sequential(Linear(64, 256), ReLU(), Linear(256, 10))
            fit(teacher, train, epochs=20, validate=val)
            student = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))
            run = distill(teacher -> student, train, loss=0.9 * soft(T=4) + 0.1 * hard(), epochs=40, validate=val)
            plot(run)
            evaluate(student, test)

        An objective is a sum of weighted terms; printing it shows its formula. In every pair the left is the teacher's
        layer, the right the student's. The teacher is never changed, and its outputs are computed once.

        # Which method

        Each name has a page with formula, paper, defaults, the authors' weight, when to use it and an example:
        distill doc rkd, or ?rkd in the REPL. Start with soft; change one thing at a time; compare over several seeds.

        \(Library.methodTable)
        your own               term("mine", (student, teacher, batch) => …, pairs="a" -> "b")

        # Putting terms together

            hint = fitnet("1" -> "1", hint_epochs=2)                  # alone in the first two epochs, then gone
            objective = hard() + ramp(0, 1, epochs=5) * dkd() + hint
            tried = student.copy()
            run = distill(teacher -> tried, train, loss=hard() + soft() + feature(), epochs=4, balance=true)
            run                                                       # which term pulls how hard, and weights that even it out
            run.balance.feature.proposed

        Weights are numbers, schedules (ramp, cosine, until) or functions of the epoch. Layers of unlike shape get an
        adapter that trains along (run.adapters) and is no part of the student. What chooses an epoch (keep="best",
        patience) must not be what is reported: choose on val, report test.
        """

    static let notebookGuide = """
        # Notebooks

        A .dist file is the notebook: plain text, no outputs.

          # %% [markdown]            a text cell: its comment lines are Markdown
          # # Soft labels
          # %% Data                  a code cell with a title
          param T = 4                a constant that --set T=8 overrides

        distill run kd.dist                  runs it from the top in a fresh session; shows what is printed. Figures
                                             that the terminal cannot show are written beside the script: kd-1.png
        distill report kd.dist -o kd.html    the same, as one HTML file with tables, figures and provenance
        distill run -i kd.dist               stays in the REPL afterwards

        In the REPL, :save kd.dist writes the entries that succeeded as such a file.
        """
}
