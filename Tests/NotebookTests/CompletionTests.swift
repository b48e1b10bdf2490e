import Notebook
import Testing

@Suite("Completion")
struct CompletionTests {
    private let session = Session()

    /// The words that fit at the end of `text`.
    private func words(_ text: String) -> [String] {
        Completion(text: text, point: text.utf8.count, knowing: session.knowledge(commands: [":vars", ":save"])).words
    }

    @Test
    func `Variables, functions and keywords by their beginning; another case when nothing fits`() {
        session.enter("temperature = 4; teacher = 1; fn tempo(x) { x }")
        #expect(words("tempe") == ["temperature"])
        #expect(words("1 + temp") == ["temperature", "tempo"])
        #expect(words("log_s").contains("log_softmax"))
        #expect(words("whi") == ["while"])
        #expect(words("linear").contains("linear"))
        #expect(words("TEMPE") == ["temperature"])
    }

    @Test
    func `Members of values: methods, attributes, keys, submodules along a path`() {
        session.enter("net = Sequential(trunk=Sequential(Linear(4, 3), ReLU()), head=Linear(3, 2))")
        session.enter("config = {\"lr\": 0.1, \"layers\": 2}; x = zeros(2)")
        #expect(words("x.sha") == ["shape"])
        #expect(words("x.log_s").contains("log_softmax"))
        #expect(words("net.tr").contains("trunk"))
        #expect(words("net.trunk[0].we") == ["weight"])
        #expect(words("config.l") == ["lr", "layers"])
        #expect(words("Linear(4, 2).para") == ["parameters"])
    }

    @Test
    func `Layer paths inside strings, of the networks at hand`() {
        session.enter("net = Sequential(trunk=Sequential(Linear(4, 3), ReLU()), head=Linear(3, 2))")
        #expect(words("features(net, \"tru").contains("trunk"))
        #expect(words("features(net, \"trunk.").contains("trunk.0"))
    }

    @Test
    func `Arguments that are still free, with their equals sign, and only those that fit`() {
        session.enter("fn kd(student, teacher, tau=2) { student }; tally = 1")
        #expect(words("kd(1, ta") == ["tau="])
        #expect(words("kd(1, 2, tau=3, t").contains("tally"))
        #expect(words("cross_entropy(x, y, red") == ["reduction="])
        #expect(words("cross_entropy(x, y, reduction=\"mean\", red").contains("reduction=") == false)
        #expect(words("fit(net, train, epo") == ["epochs="])
    }

    @Test
    func `Strings: options, data sets, files`() {
        #expect(words("kl_div(a, b, reduction=\"bat") == ["batchmean"])
        #expect(words("dataset(\"dig") == ["digits"])
        #expect(words("read_text(\"/etc/host").contains("/etc/hostname"))
    }

    @Test
    func `Commands and topics`() {
        #expect(words(":sa") == [":save"])
        #expect(words("?softm") == ["softmax"])
    }

    @Test
    func `Ten thousand names change what fits, and nothing else`() {
        session.enter("fn f() { }")
        for start in stride(from: 0, to: 10_000, by: 500) {
            session.enter((start..<(start + 500)).map { "many_\($0) = \($0)" }.joined(separator: "; ") + ";")
        }
        #expect(words("many_").count == 10_000)
        #expect(words("many_9999") == ["many_9999"])
        #expect(words("softm").contains("softmax"))
    }
}
