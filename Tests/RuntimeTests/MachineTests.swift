import Diagnostics
import Tensors
import Testing

@testable import Runtime

@Suite("The instruction loop")
struct MachineTests {
    /// The loop moves values as bytes; a compiler that lays them out differently must be noticed here first.
    @Test
    func `Values lie in memory as the loop expects`() { #expect(MachineHooks.areInstalled) }

    @Test
    func `Frequent forms become single instructions`() throws {
        let interpreter = Interpreter(library: Library())
        let source = "fn f(n) { t = 0; for i in n { if i < 3 { t += i * 2 % 7 } }; return f(t - 1) }"
        try interpreter.run(SourceText(name: "t", text: source))
        let code = Disassembly.text(of: interpreter)
        for name in [
            "NextRound", "JumpUnlessLessImmediate", "MultiplyConstant", "RemainderConstant", "AddImmediate",
            "CallGlobal",
        ] {
            #expect(code.contains(name))
        }
        // The result of a call goes where it belongs, and no constant is loaded first.
        let body = code.split(separator: "\n").drop { !$0.hasPrefix("f:") }.dropFirst()
        #expect(!body.prefix { $0.first?.isNumber == true }.contains { $0.contains(" Move ") })
    }

    @Test
    func `Calls do not keep a closure alive, nor what it captured`() throws {
        weak var closure: Function?
        do {
            let interpreter = Interpreter(library: Library())
            let source = "fn make(k) { return x => x + k }; g = make(1); a = g(1); a = g(2); g"
            let value = try interpreter.run(SourceText(name: "t", text: source))
            guard case .function(let function) = value else {
                Issue.record("no function")
                return
            }
            closure = function
        }
        #expect(closure == nil)
    }

    @Test
    func `Calls nest to the same depth whoever makes them`() throws {
        let interpreter = Interpreter(library: Library())
        try interpreter.run(
            SourceText(name: "t", text: "fn down(n) { if n == 0 { return 0 }; return 1 + down(n - 1) }"))
        let value = try interpreter.run(SourceText(name: "t", text: "down(9000)"))
        guard case .int(9000) = value else {
            Issue.record("down(9000) is wrong")
            return
        }
        #expect(throws: Diagnostic.self) { try interpreter.run(SourceText(name: "t", text: "down(20000)")) }
    }

    @Test
    func `Arithmetic of tensors in the loop is that of the slow path`() throws {
        let interpreter = Interpreter(library: Library())
        let tensor = try Tensor([7, -3] as [Float])
        interpreter.setGlobal("x", .tensor(tensor))
        func result(_ source: String) throws -> [Float] {
            let value = try interpreter.run(SourceText(name: "t", text: source))
            guard case .tensor(let tensor) = value else { return [] }
            return try tensor.floats()
        }
        #expect(try result("x + x") == [14, -6])
        #expect(try result("x - 1") == [6, -4])
        #expect(try result("1 - x") == [-6, 4])
        #expect(try result("x * 2") == [14, -6])
        #expect(try result("x * 0.5 + 2 * x") == [17.5, -7.5])
        #expect(try result("x / 2") == [3.5, -1.5])
        #expect(try result("1 / (x - 6)") == [1, -1 / 9])
        #expect(try result("x % 4 + x // 4") == [4, 0])
        #expect(try result("k = 2; x * k") == [14, -6])
        #expect(try result("y = x; y += 1; x") == [8, -2])
        #expect(throws: (any Error).self) { try result("x + \"a\"") }
        #expect(throws: (any Error).self) { try result("[1] * x") }
        #expect(try result("x - x") == [0, 0])
    }

    @Test
    func `Errors inside calls leave the registers in order`() throws {
        let interpreter = Interpreter(library: Library())
        let source = """
            fn inner(xs, i) { return xs[i] + 1 }
            fn outer(n) { s = 0; for k in [0, 5, 1] { try { s += inner([10, 20], k) } catch e { s += 1000 } }; return s }
            outer(0)
            """
        for _ in 0..<3 {
            let value = try interpreter.run(SourceText(name: "t", text: source))
            guard case .int(1032) = value else {
                Issue.record("outer(0) is wrong")
                return
            }
        }
    }
}
