import Testing

@Suite("Threads")
struct ThreadTests {
    /// Convolutions that take Winograd's way and others, products of all engines, normalisation, and their gradients.
    private static let script = """
        manual_seed(3)
        net = Sequential(Conv2d(1, 8, 3, padding=1), BatchNorm2d(8), ReLU(), Conv2d(8, 16, 3, padding=1), ReLU(),
                         MaxPool2d(2), Conv2d(16, 16, 3, stride=2, padding=1), Flatten(), Linear(256, 300), ReLU(),
                         Linear(300, 10))
        data = TensorDataset(randn(96, 1, 16, 16), randint(0, 10, [96]))
        run = fit(net, data, epochs=2, batch_size=48)
        print(run.steps)
        for p in net.parameters() { print(p.sum().item(), (p * p).sum().item()) }
        """

    @Test(arguments: ["1", "2", "3"])
    func `A number of threads gives the same bits every time`(threads: String) throws {
        let first = try Program.run("--threads", threads, "-e", Self.script)
        #expect(first.status == 0, "\(first.errors)")
        for _ in 0..<2 { #expect(try Program.run("--threads", threads, "-e", Self.script).output == first.output) }
    }

    @Test
    func `A variable that forces slower kernels is warned of`() throws {
        let forced = try Program.run(
            ["-e", "1 + 1"], environment: ["OPENBLAS_CORETYPE": "Prescott"])
        #expect(forced.output == "2\n")
        #expect(forced.errors.contains("warning: OPENBLAS_CORETYPE=Prescott makes OpenBLAS compute with SSE"))
        #expect(try Program.run("--quiet", "-e", "1 + 1", environment: ["OPENBLAS_CORETYPE": "Prescott"]).errors == "")
    }
}
