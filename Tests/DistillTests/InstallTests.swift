import Base
import Glibc
import Testing

/// The scripts that put the program in its place and take it away, with the program that was built.
@Suite(.serialized)
struct InstallTests {
    private static let scripts = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/scripts"

    private func shell(_ command: String, home: String, _ more: [String: String] = [:]) throws -> Program.Result {
        try Program.run(["-c", command], folder: home, environment: more, shell: true)
    }

    /// The files below a folder.
    private func files(_ folder: String) -> Set<String> {
        var found: Set<String> = []
        for name in WholeFile.namesIfAny(in: folder) {
            if name.hasSuffix("/") {
                found.formUnion(files(folder + "/" + name.dropLast()).map { name + $0 })
            } else {
                found.insert(name)
            }
        }
        return found
    }

    @Test(arguments: ["usr", "with blank"])
    func `what is installed runs from any folder, and uninstalling leaves what was there`(_ name: String) throws {
        let home = try Program.temporaryFolder(), prefix = home + "/" + name
        try WholeFile.makeFolder(prefix + "/bin")
        try WholeFile.write(Array("mine".utf8), to: prefix + "/bin/other")
        let installing = "'\(Self.scripts)/install' --prefix '\(prefix)' --program '\(Program.path)'"
        let installed = try shell(installing, home: home)
        #expect(installed.status == 0 && installed.errors.isEmpty, "\(installed.errors)")
        #expect(installed.output.contains("is not on the PATH"))
        let expected = [
            "bin/distill", "share/man/man1/distill.1.gz", "share/man/man7/distill-library.7.gz",
            "share/bash-completion/completions/distill", "share/zsh/site-functions/_distill",
            "share/fish/vendor_completions.d/distill.fish", "share/mime/packages/distill.xml",
            "share/icons/hicolor/scalable/mimetypes/application-x-dist.svg",
            "share/jupyter/kernels/distill/kernel.json",
        ]
        #expect(files(prefix).isSuperset(of: expected))
        let kernel = try WholeFile.read(prefix + "/share/jupyter/kernels/distill/kernel.json")
        #expect(String(decoding: kernel, as: UTF8.self).contains("\"\(prefix)/bin/distill\""))
        let sum = try shell("cd / && '\(prefix)/bin/distill' -e '1 + 2'", home: home)
        #expect(sum.output == "3\n")
        // Every command and every function has its place in the pages.
        let commands = try shell("zcat '\(prefix)/share/man/man1/distill.1.gz'", home: home).output
        for command in ["run", "sweep", "kernel", "lsp"] { #expect(commands.contains("\n.SS \(command)\n")) }
        let library = try shell("zcat '\(prefix)/share/man/man7/distill-library.7.gz'", home: home).output
        let manual = try Program.run("doc", "--manual").output
        let headings = manual.split(separator: "\n").filter { $0.hasPrefix("### ") || $0.hasPrefix("#### ") }
        #expect(headings.count > 300)
        #expect(library.split(separator: "\n").filter { $0.hasPrefix(".SS ") }.count == headings.count)
        let chapters = manual.split(separator: "\n").filter { $0.hasPrefix("## ") }
        // NAME and DESCRIPTION stand in front of them.
        #expect(library.split(separator: "\n").filter { $0.hasPrefix(".SH ") }.count == chapters.count + 2)
        // A second time replaces it.
        #expect(try shell(installing, home: home).status == 0)
        let removed = try shell("'\(Self.scripts)/uninstall' --prefix '\(prefix)'", home: home)
        #expect(removed.status == 0 && removed.errors.isEmpty, "\(removed.errors)")
        #expect(files(prefix) == ["bin/other"])
        #expect(WholeFile.namesIfAny(in: prefix) == ["bin/"])
        #expect(try shell("'\(Self.scripts)/uninstall' --prefix '\(prefix)'", home: home).status == 1)
    }

    @Test func `a program that somebody else put there stays`() throws {
        let home = try Program.temporaryFolder()
        try WholeFile.makeFolder(home + "/bin")
        try WholeFile.write(Array("mine".utf8), to: home + "/bin/distill")
        let refused = try shell(
            "'\(Self.scripts)/install' --prefix '\(home)' --program '\(Program.path)'", home: home)
        #expect(refused.status == 1 && refused.errors.contains("was not installed by this"))
        #expect(try WholeFile.read(home + "/bin/distill") == Array("mine".utf8))
    }

    @Test func `packages are staged below DESTDIR, and the kernel names the place without it`() throws {
        let home = try Program.temporaryFolder()
        let staged = try shell(
            "'\(Self.scripts)/install' --prefix /usr --program '\(Program.path)'", home: home,
            ["DESTDIR": home + "/stage"])
        #expect(staged.status == 0, "\(staged.errors)")
        let kernel = try WholeFile.read(home + "/stage/usr/share/jupyter/kernels/distill/kernel.json")
        #expect(String(decoding: kernel, as: UTF8.self).contains("\"/usr/bin/distill\""))
    }

    @Test(arguments: ["install --prefix", "install --nonsense", "uninstall --prefix", "uninstall now"])
    func `wrong usage is status 2`(_ command: String) throws {
        #expect(try shell("'\(Self.scripts)'/\(command)", home: Program.temporaryFolder()).status == 2)
    }
}
