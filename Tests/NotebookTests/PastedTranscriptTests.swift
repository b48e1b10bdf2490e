import Notebook
import Testing

@Suite("Pasted transcripts")
struct PastedTranscriptTests {
    @Test
    func `Text without prompts stays as it is`() {
        let text = "x = 1\n\n    y = 2\n"
        #expect(PastedTranscript.strip(text) == text)
    }

    @Test
    func `Prompts go, outputs are dropped`() {
        let text = """
            In [1]: x = 1

            In [2]: for i in range(2) {
               ...:     print(i)
               ...: }
            0
            1

            In [12]: x
            Out[12]: 1
            """
        #expect(PastedTranscript.strip(text) == "x = 1\nfor i in range(2) {\n    print(i)\n}\nx")
    }

    @Test
    func `Python's prompts go too`() {
        #expect(PastedTranscript.strip(">>> a = 1\n>>> a\n1\n") == "a = 1\na")
    }

    @Test
    func `A list that begins with 'In [' further down is no prompt`() {
        let text = "x = 1\nIn [2]: y"
        #expect(PastedTranscript.strip(text) == text)
    }
}
