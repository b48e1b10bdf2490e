import Base
import CPseudoTerminal
import CZeroMQ
import Data
import Glibc
import Jupyter
import Notebook
import Testing

/// The Jupyter kernel as a client meets it: over ZeroMQ, with signatures.
@Suite(.serialized, .enabled(if: zeromq_is_available(), "ZeroMQ is not installed"))
struct KernelTests {
    /// A kernel under test with the sockets of a client.
    private final class Client {
        let process: pid_t
        private let context: UnsafeMutableRawPointer
        private let shell: UnsafeMutableRawPointer, control: UnsafeMutableRawPointer
        private let iopub: UnsafeMutableRawPointer, heartbeat: UnsafeMutableRawPointer
        private let key = Array("secret".utf8)
        private let session = Message.identifier()

        init() throws {
            let folder = try Program.temporaryFolder()
            let file = """
                {"transport": "ipc", "ip": "\(folder)/k", "shell_port": 1, "control_port": 2, "stdin_port": 3,
                 "iopub_port": 4, "hb_port": 5, "key": "secret", "signature_scheme": "hmac-sha256"}
                """
            try WholeFile.write(Array(file.utf8), to: folder + "/connection.json")
            try WholeFile.write([], to: folder + "/.input")
            process = try Program.start(
                ["kernel", "--connection", "connection.json"], Program.environment(home: folder)
            ) { arguments, environment in
                pt_spawn_on_files(
                    Program.path, arguments, environment, folder, folder + "/.input", folder + "/.output",
                    folder + "/.errors")
            }
            let context = try #require(zeromq_context())
            self.context = context
            func socket(_ kind: zeromq_kind, _ port: Int) throws -> UnsafeMutableRawPointer {
                try #require(zeromq_socket(context, kind, "ipc://\(folder)/k-\(port)", false))
            }
            shell = try socket(ZEROMQ_DEALER, 1)
            control = try socket(ZEROMQ_DEALER, 2)
            iopub = try socket(ZEROMQ_SUB, 4)
            heartbeat = try socket(ZEROMQ_REQ, 5)
        }

        deinit {
            kill(process, SIGKILL)
            _ = Program.wait(for: process)
            for socket in [shell, control, iopub, heartbeat] { zeromq_close(socket) }
            zeromq_end(context)
        }

        /// Sends a request; its identifier.
        func send(_ type: String, _ content: JSON, onControl: Bool = false, key: [UInt8]? = nil) -> String {
            let message = Message(type, content: content, session: session)
            let frames = message.frames(key: key ?? self.key)
            for (index, frame) in frames.enumerated() {
                _ = zeromq_send(onControl ? control : shell, frame, frame.count, index + 1 < frames.count)
            }
            return message.header["msg_id"]?.string ?? ""
        }

        /// The next message of a channel; nil when none comes in time.
        private func receive(_ socket: UnsafeMutableRawPointer, _ seconds: Int) -> Message? {
            var sockets: [UnsafeMutableRawPointer?] = [socket]
            var ready = [false, false]
            guard zeromq_wait(&sockets, 1, -1, &ready, seconds * 1000) > 0 else { return nil }
            var frames: [[UInt8]] = []
            var frame = zeromq_frame()
            repeat {
                guard zeromq_receive(socket, &frame) else { break }
                frames.append(Array(UnsafeBufferPointer(start: frame.bytes, count: frame.size)))
                free(frame.bytes)
            } while frame.has_more
            return Message(frames: frames, key: key)
        }

        /// The reply to a request, and what was published for it until `idle`.
        func answer(to identifier: String, onControl: Bool = false) throws -> (reply: Message, published: [Message]) {
            var published: [Message] = []
            while true {
                let message = try #require(receive(iopub, 60), "nothing is published any more")
                guard message.parent["msg_id"]?.string == identifier else { continue }
                published.append(message)
                if message.content["execution_state"]?.string == "idle" { break }
            }
            while true {
                let message = try #require(receive(onControl ? control : shell, 60), "there is no reply")
                if message.parent["msg_id"]?.string == identifier { return (message, published) }
            }
        }

        func run(_ code: String, _ more: [(String, JSON)] = []) throws -> (reply: Message, published: [Message]) {
            let content: [(key: String, value: JSON)] = [("code", .string(code))] + more.map { ($0.0, $0.1) }
            return try answer(to: send("execute_request", .object(content)))
        }

        func hasReply(within seconds: Int) -> Bool { receive(shell, seconds) != nil }

        /// Waits until the kernel publishes to this client: requests before that would miss what comes of them.
        func waitUntilReady() throws {
            for _ in 0..<600 {
                let identifier = send("kernel_info_request", .object([]))
                while let message = receive(iopub, 1) {
                    if message.parent["msg_id"]?.string == identifier,
                        message.content["execution_state"]?.string == "idle"
                    {
                        while receive(shell, 0) != nil {}
                        return
                    }
                }
            }
            Issue.record("the kernel does not start")
        }

        func beats() -> Bool {
            let beat = Array("beat".utf8)
            guard zeromq_send(heartbeat, beat, beat.count, false) else { return false }
            var sockets: [UnsafeMutableRawPointer?] = [heartbeat]
            var ready = [false, false]
            guard zeromq_wait(&sockets, 1, -1, &ready, 10_000) > 0 else { return false }
            var frame = zeromq_frame()
            guard zeromq_receive(heartbeat, &frame) else { return false }
            defer { free(frame.bytes) }
            return Array(UnsafeBufferPointer(start: frame.bytes, count: frame.size)) == beat
        }
    }

    private func text(_ published: [Message]) -> String {
        published.filter { $0.type == "stream" }.compactMap { $0.content["text"]?.string }.joined()
    }

    @Test func `cells run, say what they are asked, and end with idle`() throws {
        let client = try Client()
        try client.waitUntilReady()
        #expect(client.beats())
        let first = try client.run("x = 41\nprint(\"é\")\nx + 1")
        #expect(first.reply.content["status"]?.string == "ok")
        #expect(first.reply.content["execution_count"]?.integer == 1)
        #expect(first.published.map(\.type) == ["status", "execute_input", "stream", "execute_result", "status"])
        #expect(text(first.published) == "é\n")
        #expect(first.published[3].content["data"]?["text/plain"]?.string == "42")
        let figure = try client.run("show(plot([1.0, 2.0]))")
        let shown = try #require(figure.published.first { $0.type == "display_data" })
        #expect(shown.content["data"]?["image/png"]?.string?.hasPrefix("iVBOR") == true)
        #expect(shown.content["data"]?["image/svg+xml"]?.string?.contains("<svg") == true)
        #expect(shown.content["metadata"]?["image/png"]?["width"]?.integer ?? 0 > 100)
        let failure = try client.run("y = 1\nnothing_here")
        #expect(failure.reply.content["ename"]?.string == "name")
        let error = try #require(failure.published.first { $0.type == "error" })
        #expect(error.content["traceback"]?.array?.first?.string?.contains("nothing_here") == true)
        #expect(try client.run("y").published.contains { $0.type == "execute_result" })
        let silent = try client.run("1 + 1", [("silent", .bool(true))])
        #expect(silent.published.map(\.type) == ["status", "status"])
        let help = try client.run("?softmax")
        #expect(text(help.published).contains("softmax"))
        let many = try client.run("for i in range(5000) { print(i) }")
        #expect(text(many.published).split(separator: "\n").map { Int($0) } == Array(0..<5000))
        let wanted = JSON.object([("a", .string("x * 2")), ("b", .string("nowhere"))])
        let asked = try client.run("z = 1", [("user_expressions", wanted)])
        #expect(asked.reply.content["user_expressions"]?["a"]?["data"]?["text/plain"]?.string == "82")
        #expect(asked.reply.content["user_expressions"]?["b"]?["status"]?.string == "error")
    }

    @Test func `training shows one display that is updated`() throws {
        let client = try Client()
        try client.waitUntilReady()
        let run = try client.run("r = fit(Linear(64, 10), dataset(\"digits\"), epochs=4)")
        let displays = run.published.filter { $0.type == "display_data" }
        #expect(displays.count == 1)
        let name = try #require(displays.first?.content["transient"]?["display_id"]?.string)
        let last = try #require(run.published.last { $0.type == "update_display_data" })
        #expect(last.content["transient"]?["display_id"]?.string == name)
        #expect(last.content["data"]?["text/plain"]?.string?.contains("epoch 4/4") == true)
    }

    @Test func `an interrupt ends the cell, not the session, and what waits behind an error is not run`() throws {
        let client = try Client()
        try client.waitUntilReady()
        let endless = client.send(
            "execute_request", .object([("code", .string("kept = 5\nwhile true { kept = 5 }"))]))
        let waiting = client.send("execute_request", .object([("code", .string("never = 1"))]))
        usleep(300_000)
        _ = client.send("interrupt_request", .object([]), onControl: true)
        #expect(try client.answer(to: endless).reply.content["ename"]?.string == "interrupt")
        #expect(try client.answer(to: waiting).reply.content["status"]?.string == "aborted")
        let kept = try client.run("kept")
        #expect(kept.published.first { $0.type == "execute_result" }?.content["data"]?["text/plain"]?.string == "5")
        #expect(try client.run("never").reply.content["ename"]?.string == "name")
    }

    @Test func `every request has its answer, a forged one none`() throws {
        let client = try Client()
        try client.waitUntilReady()
        func ask(_ type: String, _ members: [(key: String, value: JSON)]) throws -> JSON {
            try client.answer(to: client.send(type, .object(members))).reply.content
        }
        _ = client.send("execute_request", .object([("code", .string("forged = 1"))]), key: Array("wrong".utf8))
        #expect(!client.hasReply(within: 1))
        #expect(try client.run("forged").reply.content["status"]?.string == "error")
        let complete = try ask("complete_request", [("code", .string("α = log_softm")), ("cursor_pos", .integer(13))])
        #expect(complete["matches"]?.array?.contains(.string("log_softmax")) == true)
        #expect(complete["cursor_start"]?.integer == 4 && complete["cursor_end"]?.integer == 13)
        let inspected = try ask("inspect_request", [("code", .string("softmax(x, ")), ("cursor_pos", .integer(11))])
        #expect(inspected["found"] == .bool(true))
        #expect(inspected["data"]?["text/plain"]?.string?.contains("softmax") == true)
        #expect(
            try ask("inspect_request", [("code", .string("xyzzy")), ("cursor_pos", .integer(2))])["found"]
                == .bool(false))
        for (code, status) in [("x = 1", "complete"), ("fn f(x) {", "incomplete"), ("x = )", "invalid")] {
            #expect(try ask("is_complete_request", [("code", .string(code))])["status"]?.string == status)
        }
        let history = try ask("history_request", [("hist_access_type", .string("tail")), ("n", .integer(1))])
        #expect(history["history"]?.array?.first?.array?.last == .string("forged"))
        #expect(try ask("comm_info_request", [])["comms"] == .object([]))
        #expect(try ask("dance_request", [])["status"]?.string == "error")
        #expect(try ask("execute_request", [])["status"]?.string == "ok")
        let end = client.send("shutdown_request", .object([("restart", .bool(false))]), onControl: true)
        #expect(try client.answer(to: end, onControl: true).reply.content["status"]?.string == "ok")
    }

    @Test func `installing writes what Jupyter reads, and takes it away again`() throws {
        let folder = try Program.temporaryFolder()
        let installed = try Program.run("kernel", "install", "--prefix", folder, folder: folder)
        #expect(installed.status == 0, "\(installed.errors)")
        let place = folder + "/share/jupyter/kernels/distill"
        let spec = try JSON(parsing: try WholeFile.read(place + "/kernel.json"))
        #expect(spec["argv"]?.array?.last == .string("{connection_file}"))
        #expect(spec["argv"]?.array?.first?.string.map(WholeFile.exists) == true)
        #expect(spec["interrupt_mode"]?.string == "message")
        for size in [32, 64] {
            #expect(try WholeFile.read("\(place)/logo-\(size)x\(size).png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        }
        #expect(try Program.run("kernel", "uninstall", "--prefix", folder).status == 0)
        #expect(!WholeFile.exists(place))
        let bad = try Program.run("kernel", "--connection", folder + "/nothing.json")
        #expect(bad.status == 1 && bad.errors.contains("cannot read"))
        #expect(try Program.run("kernel", "install", "--sys-prefix").status == 1)
    }

    @Test func `messages are signed as RFC 4231 says`() {
        #expect(
            Message.signature(
                of: [Array("what do ya want ".utf8), Array("for nothing?".utf8)], key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Message.signature(
                of: [Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)],
                key: [UInt8](repeating: 0xaa, count: 131))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
