import Base
import CZeroMQ
import Data
import Glibc
import Notebook
import Tensors

/// A Jupyter kernel: the session's thread works off requests one by one, a second thread speaks to the sockets.
package final class Kernel {
    private let connection: Connection
    private let outbox: Outbox
    private let requests = Mailbox<Request>()
    private let wire: Wire

    /// Opens the sockets that a connection file names.
    ///
    /// - Throws: ``KernelError`` when ZeroMQ is missing or an address cannot be had.
    package init(_ connection: Connection) throws(KernelError) {
        guard zeromq_is_available() else {
            throw KernelError(
                "a Jupyter kernel needs ZeroMQ, which is not installed", help: "apt-get install libzmq5")
        }
        guard let outbox = Outbox() else { throw KernelError("no pipe can be made") }
        self.connection = connection
        self.outbox = outbox
        wire = try Wire(connection, outbox, requests)
    }

    /// Works until a client asks for the end or the parent process is gone; the exit status.
    ///
    /// - Parameter session: what runs the cells; the calling thread is its own.
    package func run(_ session: Session) -> Int32 {
        guard wire.start() else { return 1 }
        let answers = Answers(session, outbox)
        outbox.publish("status", .object([("execution_state", .string("starting"))]), for: .object([]))
        while let request = requests.take() {
            answers.answer(request)
            guard answers.failed else { continue }
            // A client that says so wants nothing run behind an error.
            let dropped = requests.change { waiting in
                let dropped = waiting.filter { $0.message.type == "execute_request" }
                waiting.removeAll { $0.message.type == "execute_request" }
                return dropped
            }
            for request in dropped { answers.abort(request) }
        }
        outbox.close()
        // The sockets' thread ends the process when its last message is out.
        wire.wait()
        return 0
    }
}

/// The sockets, and the thread that speaks to them.
///
/// `@unchecked Sendable`: only its own thread touches the sockets once it runs.
final class Wire: @unchecked Sendable {
    private enum Place: Int, CaseIterable { case shell, control, stdin, iopub, heartbeat }

    private let outbox: Outbox
    private let requests: Mailbox<Request>
    private let key: [UInt8]
    private let context: UnsafeMutableRawPointer
    private var sockets: [UnsafeMutableRawPointer?] = []
    private let parent = getppid()
    /// Messages that a slow reader has not taken yet.
    private var unsent: [(place: Place, frames: [[UInt8]])] = []
    private var isEnding = false
    private var thread = pthread_t()

    init(_ connection: Connection, _ outbox: Outbox, _ requests: Mailbox<Request>) throws(KernelError) {
        guard let context = zeromq_context() else { throw KernelError("ZeroMQ does not start") }
        self.context = context
        self.outbox = outbox
        self.requests = requests
        key = connection.key
        let wanted: [(zeromq_kind, Int)] = [
            (ZEROMQ_ROUTER, connection.shell), (ZEROMQ_ROUTER, connection.control), (ZEROMQ_ROUTER, connection.stdin),
            (ZEROMQ_XPUB, connection.iopub), (ZEROMQ_REP, connection.heartbeat),
        ]
        for (kind, port) in wanted {
            let address = connection.address(port)
            guard let socket = zeromq_socket(context, kind, address, true) else {
                let reason = String(cString: zeromq_reason(errno))
                for case let socket? in sockets { zeromq_close(socket) }
                throw KernelError("cannot listen at \(address): \(reason.lowercased())")
            }
            sockets.append(socket)
        }
    }

    /// Starts the thread; false when there is none to be had.
    func start() -> Bool {
        let own = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let wire = Unmanaged<Wire>.fromOpaque(context).takeRetainedValue()
                wire.loop()
                return nil
            }, own.toOpaque())
        if failure != 0 {
            own.release()
            return false
        }
        return true
    }

    /// Waits for the end of the thread.
    func wait() { pthread_join(thread, nil) }

    private func loop() {
        // Signals of the terminal are for the session's thread.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var ready = [Bool](repeating: false, count: Place.allCases.count + 1)
        while true {
            let patience = unsent.isEmpty ? 500 : 20
            guard
                zeromq_wait(&sockets, Int32(sockets.count), outbox.descriptor, &ready, patience) >= 0 || errno == EINTR
            else { return end() }
            if getppid() != parent { return end() }
            for place in [Place.control, .shell, .stdin, .iopub, .heartbeat] where ready[place.rawValue] {
                receive(place)
            }
            send()
            if isEnding, unsent.isEmpty { return end() }
        }
    }

    /// The process ends with its kernel: what a cell computes is nobody's any more.
    private func end() {
        for case let socket? in sockets { zeromq_close(socket) }
        zeromq_end(context)
        _exit(0)
    }

    // MARK: Receiving

    private func receive(_ place: Place) {
        while let frames = message(place) {
            switch place {
            case .heartbeat: unsent.append((.heartbeat, frames))
            case .iopub: welcome(frames)
            case .stdin: break
            case .shell, .control:
                guard let message = Message(frames: frames, key: key) else { continue }
                take(Request(message: message, channel: place == .shell ? .shell : .control))
            }
        }
    }

    private func message(_ place: Place) -> [[UInt8]]? {
        guard let socket = sockets[place.rawValue] else { return nil }
        var frames: [[UInt8]] = []
        var frame = zeromq_frame()
        repeat {
            guard zeromq_receive(socket, &frame) else { return frames.isEmpty ? nil : frames }
            frames.append(Array(UnsafeBufferPointer(start: frame.bytes, count: frame.size)))
            free(frame.bytes)
        } while frame.has_more
        return frames
    }

    /// A new reader is told that it hears everything from now on.
    private func welcome(_ frames: [[UInt8]]) {
        guard let first = frames.first, first.first == 1 else { return }
        let topic = Array(first.dropFirst())
        let message = Message(
            "iopub_welcome",
            content: .object([("subscription", .string(String(decoding: topic, as: UTF8.self)))]),
            session: outbox.session,
            identities: [topic])
        unsent.append((.iopub, message.frames(key: key)))
    }

    private func take(_ request: Request) {
        switch request.message.type {
        case "interrupt_request":
            bracketed(request) {
                Interrupt.request()
                outbox.reply("interrupt_reply", .object([("status", .string("ok"))]), to: request)
            }
        case "shutdown_request":
            let restart = request.message.content["restart"] ?? .bool(false)
            bracketed(request) {
                outbox.reply(
                    "shutdown_reply", .object([("status", .string("ok")), ("restart", restart)]), to: request)
            }
            Interrupt.request()
            requests.close()
            isEnding = true
        default:
            // The control channel answers while a cell runs.
            if request.channel == .control {
                bracketed(request) { Answers.answerAtOnce(request, outbox) }
            } else {
                requests.put(request)
            }
        }
    }

    private func bracketed(_ request: Request, _ body: () -> Void) {
        outbox.publish("status", .object([("execution_state", .string("busy"))]), for: request.message.header)
        body()
        outbox.publish("status", .object([("execution_state", .string("idle"))]), for: request.message.header)
    }

    // MARK: Sending

    private func send() {
        // Letters stay in the outbox, where printing sees how much waits, until those before them are gone.
        if unsent.count < 1000 {
            for letter in outbox.takeAll() {
                let place: Place =
                    switch letter.channel {
                    case .shell: .shell
                    case .control: .control
                    case .iopub: .iopub
                    }
                unsent.append((place, letter.finished.frames(key: key)))
            }
        }
        var kept: [(place: Place, frames: [[UInt8]])] = []
        var isFull: Set<Int> = []
        for entry in unsent {
            // Order holds within a channel; one that is full does not hold up the others.
            if isFull.contains(entry.place.rawValue) || !deliver(entry.frames, entry.place) {
                isFull.insert(entry.place.rawValue)
                kept.append(entry)
            }
        }
        unsent = kept
    }

    /// False when the reader is behind.
    private func deliver(_ frames: [[UInt8]], _ place: Place) -> Bool {
        guard let socket = sockets[place.rawValue] else { return true }
        for (index, frame) in frames.enumerated() {
            let hasMore = index + 1 < frames.count
            if zeromq_send(socket, frame, frame.count, hasMore) { continue }
            // After the first frame the others are always taken; any other error means that nobody is there.
            return errno != EAGAIN
        }
        return true
    }
}
