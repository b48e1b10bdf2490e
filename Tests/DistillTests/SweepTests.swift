import Base
import Glibc
import Notebook
import Testing

/// `distill sweep`, `convert`, `compare` and reports, as a user calls them.
@Suite("Sweeps, notebooks and reports")
struct SweepTests {
    private static let script = """
        param T = 1
        param seed = 0
        assert T != 3, "three is not supported"
        while T == 9 { }
        result = T * 10.0 + seed
        other = 7.0

        """

    private func folder(_ script: String = script) throws -> String {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array(script.utf8), to: folder + "/kd.dist")
        return folder
    }

    private func text(_ path: String) throws -> String { String(decoding: try WholeFile.read(path), as: UTF8.self) }

    @Test
    func `Every combination runs; seeds become mean ± deviation; --resume runs only what is missing`() throws {
        let folder = try folder()
        let arguments = ["sweep", "kd.dist", "--set", "T=1,2", "--set", "seed=0..1", "--jobs", "2"]
        let first = try Program.run(arguments, folder: folder)
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("10.5000 ± 0.7071"), "\(first.output)")
        #expect(first.output.contains("20.5000 ± 0.7071"))
        #expect(!first.output.contains("other"))
        for name in ["table.csv", "sweep.png", "T=1,seed=0/record.json", "T=2,seed=1.log"] {
            #expect(WholeFile.exists("\(folder)/runs/kd/\(name)"), "\(name)")
        }
        let again = try Program.run(arguments, folder: folder)
        #expect(again.status == 2)
        #expect(again.errors.contains("already holds 4 of these 4 runs"))
        #expect(again.errors.contains("--resume"))
        // One more value: only its two runs are started.
        let more = try Program.run(
            ["sweep", "kd.dist", "--set", "T=1,2,4", "--set", "seed=0..1", "--resume"], folder: folder)
        #expect(more.status == 0, "\(more.errors)")
        #expect(more.errors.contains("[2/2]"))
        #expect(more.output.contains("40.5000 ± 0.7071"))
        // Another script is another experiment.
        try WholeFile.write(Array((Self.script + "# changed\n").utf8), to: folder + "/kd.dist")
        let changed = try Program.run(arguments + ["--resume"], folder: folder)
        #expect(changed.errors.contains("the script has changed since 4 of the runs"))
        #expect(changed.errors.contains("[4/4]"))
    }

    @Test
    func `A run that fails or is stopped is reported, the others finish`() throws {
        let folder = try folder()
        let result = try Program.run(
            ["sweep", "kd.dist", "--set", "T=1,3,9", "--timeout", "0.5", "-o", "out"], folder: folder)
        #expect(result.status == 1)
        #expect(result.output.contains("10.0000"))
        #expect(result.errors.contains("T=3") && result.errors.contains("three is not supported"))
        #expect(result.errors.contains("T=9") && result.errors.contains("--timeout"))
        #expect(result.errors.contains("2 of 3 runs are missing"))
    }

    @Test
    func `Ctrl-C ends the runs in hand; those that had not begun are one line, and --resume runs them`() throws {
        let folder = try folder(
            "param T = 1\nif T == 2 { write_text(\"begun\", \"\"); while not exists(\"go\") { } }\nresult = 1.0 * T\n")
        let begins = "until [ -e begun ]; do sleep 0.05; done"
        let result = try Program.run(
            "-c", "'\(Program.path)' sweep kd.dist --set T=1..9 -o out & \(begins); kill -INT $!; wait $!",
            folder: folder, shell: true)
        #expect(result.status == 130)
        #expect(result.errors.contains("T=3 … T=9  7 runs not begun"), "\(result.errors)")
        #expect(result.errors.contains("8 of 9 runs are missing"))
        try WholeFile.write([], to: folder + "/go")
        let rest = try Program.run("sweep", "kd.dist", "--set", "T=1..9", "-o", "out", "--resume", folder: folder)
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(rest.errors.contains("[8/8]"))
    }

    @Test
    func `A run that a signal ends has no result`() throws {
        let folder = try folder(
            "param T = 1\nif T == 2 { xs = []; while true { xs.append(zeros(100000)) } }\nresult = 1.0 * T\n")
        let result = try Program.run(
            "-c", "ulimit -v 2000000; exec '\(Program.path)' sweep kd.dist --set T=1,2 -o out", folder: folder,
            shell: true)
        #expect(result.status == 1)
        #expect(result.errors.contains("1 of 2 runs are missing"), "\(result.errors)")
        #expect(result.output.contains("1.0000"))
    }

    @Test
    func `Wrong settings are usage errors before anything runs`() throws {
        let folder = try folder()
        for (arguments, words) in [
            (["sweep", "kd.dist"], "--set T=1,2,4,8"), (["sweep", "kd.dist", "--set", "TT=1,2"], "did you mean T?"),
            (["sweep", "kd.dist", "--set", "T=1", "--jobs", "0"], "--jobs"),
            (["sweep", "kd.dist", "--set", "T=1..9999", "--set", "seed=1..9999"], "99980001 runs"),
            (["sweep", "kd.dist", "--set", "T=1", "--set", "T=2"], "twice"),
            (["sweep", "kd.dist", "--set", "T"], "a name and its values are wanted"),
            (["sweep", "kd.dist", "--set", "T=1,,2"], "a value of T is missing"),
            (["sweep", "kd.dist", "--set", "T=4..1"], "from 1 to 4 is 1..4"),
            (["sweep", "kd.dist", "--set", "T=x,y"], "--set T=x: the value is no literal"),
            (["sweep", "kd.dist", "--set", "T=1,[2]"], "T is of type int, not list"),
        ] {
            let result = try Program.run(arguments, folder: folder)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.errors.contains(words), "\(result.errors)")
        }
        #expect(!WholeFile.exists(folder + "/runs"))
    }

    @Test
    func `Commands for other machines: printed, or handed to a Slurm array`() throws {
        let folder = try folder()
        let arguments = ["sweep", "kd.dist", "--set", "T=1,2", "--set", "seed=0..1"]
        let dry = try Program.run(arguments + ["--dry-run"], folder: folder)
        #expect(dry.output.split(separator: "\n").count == 4)
        #expect(dry.output.contains("--set T=2 --set seed=1"))
        // A Slurm that runs its array at once.
        let bin = folder + "/bin"
        #expect(mkdir(bin, 0o755) == 0)
        let slurm = "#!/bin/sh\nfor a; do s=$a; done\nfor i in 1 2 3 4; do SLURM_ARRAY_TASK_ID=$i sh \"$s\"; done\n"
        try WholeFile.write(Array(slurm.utf8), to: bin + "/sbatch")
        #expect(chmod(bin + "/sbatch", 0o755) == 0)
        let path = ["PATH": "\(bin):/usr/local/bin:/usr/bin:/bin"]
        let handed = try Program.run(
            arguments + ["--launcher", "slurm", "--launcher-options", "--partition=cpu", "-o", "slurm"], folder: folder,
            environment: path)
        #expect(handed.status == 0, "\(handed.errors)")
        #expect(handed.errors.contains("4 runs handed to Slurm"))
        #expect(try text(folder + "/slurm/array.sh").contains("#SBATCH --array=1-4%1"))
        let gathered = try Program.run(arguments + ["--resume", "-o", "slurm"], folder: folder)
        #expect(gathered.output.contains("20.5000 ± 0.7071"), "\(gathered.errors)")
    }

    @Test(.enabled(if: WholeFile.exists("/usr/bin/parallel"), "the Debian package parallel is not installed"))
    func `GNU parallel starts the runs`() throws {
        let arguments = ["sweep", "kd.dist", "--set", "T=1,2", "--set", "seed=0..1"]
        let parallel = try Program.run(
            arguments + ["--launcher", "parallel", "--jobs", "2", "-o", "parallel"], folder: folder())
        #expect(parallel.status == 0, "\(parallel.errors)")
        #expect(parallel.output.contains("10.5000 ± 0.7071"))
    }

    @Test
    func `run --record and compare`() throws {
        let folder = try folder()
        for T in [1, 2] {
            let result = try Program.run("run", "kd.dist", "--set", "T=\(T)", "--record", "runs/\(T)", folder: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
        let result = try Program.run("compare", "runs/1", "runs/2", folder: folder)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("param T"))
        #expect(result.output.contains("+10"))
        #expect(!result.output.contains("other"))
        #expect(try Program.run("compare", "runs/1", "runs/2", "--all", folder: folder).output.contains("other"))
        let missing = try Program.run("compare", "runs/1", "runs/3", folder: folder)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("runs/3 holds no record of a run"))
        #expect(try Program.run("compare", "runs/1", folder: folder).status == 2)
        let failed = try Program.run("run", "kd.dist", "--set", "T=3", "--record", "runs/3", folder: folder)
        #expect(failed.status == 1)
        #expect(try text(folder + "/runs/3/record.json").contains("\"failed\""))
    }

    @Test
    func `convert there and back, with outputs, and what it refuses`() throws {
        let folder = try folder("# %% [markdown]\n# # Title\n\n# %% One\nprint(6 * 7)\n")
        #expect(try Program.run("convert", "kd.dist", "kd.ipynb", "--run", folder: folder).status == 0)
        #expect(try text(folder + "/kd.ipynb").contains("42"))
        #expect(try Program.run("convert", "kd.ipynb", "back.dist", folder: folder).status == 0)
        #expect(try text(folder + "/back.dist") == text(folder + "/kd.dist"))
        let python = #"{"cells": [{"cell_type": "code", "source": "%pip install x"}], "nbformat": 4}"#
        try WholeFile.write(Array(python.utf8), to: folder + "/python.ipynb")
        #expect(try Program.run("convert", "python.ipynb", folder: folder).errors.contains("distill check python.dist"))
        try WholeFile.write(Array("{]".utf8), to: folder + "/bad.ipynb")
        let bad = try Program.run("convert", "bad.ipynb", folder: folder)
        #expect(bad.status == 1)
        #expect(bad.errors.contains("cannot convert bad.ipynb: line 1, column 2"), "\(bad.errors)")
        #expect(!WholeFile.exists(folder + "/bad.dist"))
        #expect(try Program.run("convert", "kd.dist", "kd.html", folder: folder).status == 2)
        #expect(try Program.run("convert", "kd.ipynb", "gone/kd.dist", folder: folder).errors.contains("cannot write"))
    }

    @Test
    func `A second report differs only in what is marked as measured`() throws {
        let script = """
            # %% Runs
            manual_seed(1)
            train, test = split(take(dataset("digits"), 200), test=0.5)
            net = Linear(64, 10)
            run = fit(net, train, epochs=2)
            show(run)
            show(compare(net, net.copy(), test))
            plot(run)

            # %% Again
            report("own.html")
            assert run.epochs == 2
            """
        let folder = try folder(script)
        var pages: [String] = []
        for name in ["a.html", "b.html"] {
            #expect(try Program.run("report", "kd.dist", "-o", name, folder: folder).status == 0)
            pages.append(try text("\(folder)/\(name)"))
        }
        #expect(pages[0] != pages[1])
        #expect(Self.withoutMeasured(pages[0]) == Self.withoutMeasured(pages[1]))
        #expect(pages[0].contains("srcset=\"data:image/png;base64,"))
        #expect(pages[0].contains("<th scope=\"row\">accuracy</th>"))
        #expect(pages[0].contains("✓ passed"))
        #expect(try text(folder + "/own.html").contains("✓ passed"))
        let images = pages[0].split(separator: "\"").filter { $0.hasPrefix("data:image/png") }
        #expect(pages[0].utf8.count - images.reduce(0) { $0 + $1.utf8.count } < 100_000)
    }

    @Test
    func `--dpi makes smaller pictures of the same size on the page, and stands in the command that repeats the run`()
        throws
    {
        let folder = try folder("plot([3, 1, 2])\n")
        #expect(try Program.run("report", "kd.dist", folder: folder).status == 0)
        #expect(try Program.run("report", "kd.dist", "--dpi", "96", "-o", "small.html", folder: folder).status == 0)
        let (usual, small) = (try text(folder + "/kd.html"), try text(folder + "/small.html"))
        #expect(small.utf8.count < usual.utf8.count * 3 / 4)
        #expect(usual.contains("width=\"800\" height=\"500\"") && small.contains("width=\"800\" height=\"500\""))
        #expect(small.contains("distill report kd.dist --dpi 96"))
        let refused = try Program.run("report", "kd.dist", "--dpi", "5", folder: folder)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("between 48 and 600"))
    }

    /// A page without the elements that say `data-measured`.
    private static func withoutMeasured(_ page: String) -> String {
        var result = ""
        var skipsScript = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.contains("<script") { skipsScript = true }
            if !skipsScript {
                var rest = Substring(line)
                while let start = rest.firstRange(of: "<span data-measured>"), let end = rest.firstRange(of: "</span>")
                {
                    guard start.upperBound <= end.lowerBound else {
                        result += rest[..<end.upperBound]
                        rest = rest[end.upperBound...]
                        continue
                    }
                    result += rest[..<start.lowerBound]
                    rest = rest[end.upperBound...]
                }
                if !rest.contains("data-measured") { result += rest + "\n" }
            }
            if line.contains("</script>") { skipsScript = false }
        }
        return result
    }

    @Test(.enabled(if: WholeFile.exists("/usr/bin/chromium"), "the Debian package chromium is not installed"))
    func `A page opens in a browser without network and without JavaScript, in light and in dark`() throws {
        let folder = try folder("# %% [markdown]\n# # Café\n# %% One\nplot([3, 1, 2])\n# %% Two\nprint(1 < 2)\n")
        #expect(try Program.run("report", "kd.dist", "-o", "kd.html", folder: folder).status == 0)
        // Scripts are switched off as a user would do it: the browser's own pages, which take the picture, keep theirs.
        #expect(mkdir(folder + "/profile", 0o755) == 0 && mkdir(folder + "/profile/Default", 0o755) == 0)
        let preferences = #"{"profile":{"default_content_setting_values":{"javascript":2}}}"#
        try WholeFile.write(Array(preferences.utf8), to: folder + "/profile/Default/Preferences")
        let script = "<p id=a>still</p><script>document.getElementById('a').textContent = 'moved'</script>"
        try WholeFile.write(Array(script.utf8), to: folder + "/script.html")
        let browser = """
            timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir='\(folder)/profile' \
            --host-resolver-rules='MAP * ~NOTFOUND' --hide-scrollbars
            """
        func dom(_ page: String) throws -> String {
            #expect(system("\(browser) --dump-dom 'file://\(folder)/\(page)' > '\(folder)/dom' 2>/dev/null") == 0)
            return try text(folder + "/dom")
        }
        #expect(try dom("script.html").contains("<p id=\"a\">still</p>"))
        let page = try dom("kd.html")
        #expect(page.contains("<h1>Café</h1>"))
        #expect(page.contains("<a href=\"#cell-3\">Two</a>"))
        for (name, scheme) in [("light", "1"), ("dark", "0")] {
            let shot = "\(folder)/\(name).png"
            let options = "--blink-settings=preferredColorScheme=\(scheme) --window-size=800,900 --screenshot='\(shot)'"
            #expect(system("\(browser) \(options) 'file://\(folder)/kd.html' 2>/dev/null") == 0)
            #expect(try WholeFile.read(shot).count > 10_000)
        }
        #expect(try WholeFile.read(folder + "/light.png") != WholeFile.read(folder + "/dark.png"))
    }
}
