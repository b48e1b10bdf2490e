import Base
import Glibc
import Testing

/// One writer and one reader for all files: what the user made of a path stays. One after the other, for one raises the flag
/// that stops every reader of the process.
@Suite(.serialized) struct WholeFileTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/distill-base-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
    private func write(_ text: String, _ name: String) throws { try WholeFile.write(Array(text.utf8), to: path(name)) }
    private func text(_ name: String) throws -> String {
        String(decoding: try WholeFile.read(path(name)), as: UTF8.self)
    }
    private func status(_ name: String) throws -> stat {
        var status = stat()
        try #require(lstat(path(name), &status) == 0)
        return status
    }
    /// Everything in the folder, unfinished files too.
    private var names: [String] { WholeFile.namesIfAny(in: folder) }

    @Test func `a file is made and replaced, and nothing stays beside it`() throws {
        try write("first", "a")
        try write("second, longer", "a")
        try write("", "empty")
        #expect(try text("a") == "second, longer")
        #expect(try text("empty") == "")
        #expect(names == ["a", "empty"])
    }

    @Test(arguments: [0o600, 0o644, 0o755, 0o700] as [mode_t])
    func `permissions stay`(_ mode: mode_t) throws {
        try write("1", "a")
        try #require(chmod(path("a"), mode) == 0)
        try write("2", "a")
        #expect(try status("a").st_mode & 0o7777 == mode)
        #expect(try text("a") == "2")
    }

    @Test func `a new file has what the mask leaves`() throws {
        let old = umask(0o077)
        defer { umask(old) }
        try write("1", "a")
        #expect(try status("a").st_mode & 0o777 == 0o600)
    }

    @Test(arguments: [true, false])
    func `a link leads where it led, and the bytes go there`(_ isRelative: Bool) throws {
        try write("old", "real")
        try #require(symlink(isRelative ? "real" : path("real"), path("link")) == 0)
        try #require(symlink("link", path("second")) == 0)
        try write("new", "second")
        #expect(try text("real") == "new")
        for name in ["link", "second"] { #expect(try status(name).st_mode & S_IFMT == S_IFLNK) }
        #expect(names == ["link", "real", "second"])
    }

    @Test func `a link to nothing makes what it names`() throws {
        try #require(symlink("later", path("link")) == 0)
        try write("new", "link")
        #expect(try text("later") == "new")
        #expect(try status("link").st_mode & S_IFMT == S_IFLNK)
    }

    @Test func `links in a circle are an error`() throws {
        try #require(symlink("b", path("a")) == 0)
        try #require(symlink("a", path("b")) == 0)
        #expect(throws: FileError.self) { try write("x", "a") }
        #expect(throws: FileError.self) { try text("a") }
    }

    @Test(arguments: ["shorter", "much longer than before, much longer"])
    func `a file of two names keeps both`(_ new: String) throws {
        try write("as it was before", "a")
        try #require(link(path("a"), path("b")) == 0)
        try write(new, "a")
        #expect(try text("b") == new)
        #expect(try status("a").st_nlink == 2)
        #expect(try status("a").st_ino == status("b").st_ino)
    }

    @Test func `a pipe takes the bytes and stays a pipe`() throws {
        try #require(mkfifo(path("pipe"), 0o600) == 0)
        let error = #expect(throws: FileError.self) { try write("x", "pipe") }
        #expect(error?.reason == "nobody reads from it")
        let reader = open(path("pipe"), O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try write("through", "pipe")
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = read(reader, &bytes, 20)
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "through")
        #expect(try status("pipe").st_mode & S_IFMT == S_IFIFO)
    }

    /// A device as the system has it, made for this test: root may make one.
    @Test func `a device takes the bytes and stays a device`() throws {
        for (name, minor) in [("null", 3), ("full", 7)] as [(String, UInt32)] {
            guard mknod(path(name), S_IFCHR | 0o666, dev_t(1 << 8 | minor)) == 0 else {
                print("skipped: making devices takes the rights of root")
                return
            }
        }
        // A folder whose file system has no devices opens none.
        guard case let probe = open(path("null"), O_WRONLY), probe >= 0 else { return }
        close(probe)
        try write("gone", "null")
        let error = #expect(throws: FileError.self) { try write("x", "full") }
        #expect(error?.reason == "no space left on device")
        for name in ["null", "full"] { #expect(try status(name).st_mode & S_IFMT == S_IFCHR) }
        #expect(try text("null") == "")
        #expect(throws: FileError.self) { try text("full") }
    }

    @Test func `nothing that stands in the folder lends its name to an unfinished file`() throws {
        try write("mine", "victim")
        // The names that were guessable once.
        for name in ["a.partial", "a.tmp\(getpid())", "a.\(getpid()).partial"] {
            try #require(symlink("victim", path(name)) == 0)
        }
        try write("new", "a")
        #expect(try text("victim") == "mine")
        #expect(try status("a").st_mode & S_IFMT == S_IFREG)
    }

    @Test func `folders and names that cannot be are errors`() throws {
        let long = String(repeating: "n", count: 300)
        for path in ["/no/such/folder/a", folder, "/dev/null/a", "a\0b", path(long)] {
            let error = #expect(throws: FileError.self) { try WholeFile.write([1], to: path) }
            #expect(error?.kind == .io)
        }
        #expect(throws: FileError.self) { try WholeFile.read(folder) }
        let missing = #expect(throws: FileError.self) { try WholeFile.read(path("missing")) }
        #expect(missing?.message == "cannot read \(path("missing")): no such file or directory")
    }

    @Test func `a longest name is written as any other`() throws {
        let name = String(repeating: "n", count: 255)
        try write("1", name)
        try write("2", name)
        #expect(try text(name) == "2")
        #expect(names == [name])
    }

    // MARK: Reading

    @Test func `a device has no content, and the null device an empty one`() throws {
        let error = #expect(throws: FileError.self) { try WholeFile.read("/dev/zero") }
        #expect(error?.reason == "it is a device, not a file")
        #expect(try WholeFile.read("/dev/null") == [])
    }

    @Test func `what the system makes up has a content without a size`() throws {
        #expect(try WholeFile.read("/proc/self/status").count > 100)
    }

    @Test func `a file larger than there is room for is a limit`() throws {
        try write("12345", "a")
        let error = #expect(throws: FileError.self) { try WholeFile.read(path("a"), atMost: 4) }
        #expect(error?.kind == .limit)
        #expect(try WholeFile.read(path("a"), atMost: 5).count == 5)
    }

    @Test func `folders are made with those above them, and a file is none`() throws {
        try WholeFile.makeFolder(path("x/y/z"))
        try WholeFile.makeFolder(path("x/y/z"))
        #expect(WholeFile.namesIfAny(in: path("x/y")) == ["z/"])
        try write("1", "a")
        let error = #expect(throws: FileError.self) { try WholeFile.makeFolder(path("a")) }
        #expect(error?.reason == "it is a file, not a folder")
        #expect(throws: FileError.self) { try WholeFile.makeFolder(path("a/b")) }
    }

    /// In a process of its own: the wish to stop holds for all that a process does, other tests among it.
    @Test func `a pipe that nobody writes to keeps its reader until somebody wants it to stop`() async throws {
        try #require(mkfifo(path("pipe"), 0o600) == 0)
        await #expect(processExitsWith: .success) { [pipe = path("pipe") as String] in
            signal(SIGALRM) { _ in Interrupt.request() }
            var timer = itimerval()
            timer.it_value.tv_usec = 200_000
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
            let error = #expect(throws: FileError.self) { try WholeFile.read(pipe) }
            #expect(error?.kind == .interrupt)
        }
    }
}
