import Base
import Notebook
import Testing

/// Every scheme, and every term that remembers something, broken off by an error and gone on with.
@Suite struct `Checkpoints of schemes` {
    /// Trains under a name; a callback ends the training with an error at its `at`-th call, 0 never does.
    static let script = """
        digits = dataset("digits")
        few = digits[:64]
        rest = TensorDataset(digits.x[64:160], none)
        fn make() { Sequential(Linear(64, 12), BatchNorm1d(12), ReLU(), Dropout(0.2), Linear(12, 10)) }
        calls = {"count": 0, "last": 0}
        fn breaks(run) {
            calls["count"] = calls["count"] + 1
            assert calls["count"] != calls["last"], "broken off"
            true
        }
        fn distilled(nets, dir, loss, epochs=3) {
            [distill(nets[1] -> nets[0], few, loss=loss, epochs=epochs, checkpoint=dir, resume=true, callback=breaks).net]
        }
        fn nets_of(runs) { [run.net for run in runs] }
        ways = {
            "mean_teacher": (n, d) => nets_of([mean_teacher(n[0], few, rest, epochs=3, checkpoint=d, resume=true, callback=breaks)]) + n,
            "mutual": (n, d) => nets_of(mutual([n[0], n[1]], few, epochs=3, checkpoint=d, resume=true, callback=breaks)),
            "born_again": (n, d) => nets_of(born_again(make, few, loss=soft(), generations=2, epochs=2, checkpoint=d, resume=true, callback=breaks)),
            "distill_chain": (n, d) => nets_of(distill_chain(n, few, loss=soft(), epochs=2, checkpoint=d, resume=true, callback=breaks)),
            "route_constrained": (n, d) => nets_of(route_constrained([n[0], n[1]] -> n[2], few, loss=soft(), epochs=4, checkpoint=d, resume=true, callback=breaks)),
            "self_distill": (n, d) => {
                run = self_distill(n[0], few, exits="0", epochs=3, checkpoint=d, resume=true, callback=breaks)
                [run.net, run.adapters["0"]]
            },
            "noisy_student": (n, d) => nets_of(noisy_student(n[0], make, few, rest, threshold=0, epochs=2, checkpoint=d, resume=true, callback=breaks)),
            "progressive": (n, d) => [fit(n[0], few, loss=progressive(), epochs=3, checkpoint=d, resume=true, callback=breaks).net],
            "crd": (n, d) => distilled(n, d, soft() + crd(negatives=16)),
            "ctkd": (n, d) => distilled(n, d, ctkd()),
            "ofd": (n, d) => distilled(n, d, hard() + ofd("1" -> "1")),
            "fitnet": (n, d) => distilled(n, d, hard() + fitnet("1" -> "1", hint_epochs=2), epochs=4),
            "factor": (n, d) => distilled(n, d, hard() + factor("1" -> "1")),
            "vid": (n, d) => distilled(n, d, hard() + vid("1" -> "1")),
            "simkd": (n, d) => distilled(n, d, simkd()),
        }
        fn trained(name, dir, last) {
            manual_seed(3)
            calls["count"] = 0
            calls["last"] = last
            ways[name]([make(), make(), make()], dir)
        }
        fn same(a, b) {
            other = b.state_dict()
            all([allclose(value.float(), other[key].float(), rtol=0, atol=0) for key, value in a.state_dict().items()])
        }
        for name in ways.keys() {
            whole = trained(name, f"whole/{name}", 0)
            for last in range(1, 4) {
                dir = f"{last}/{name}"
                stopped = false
                try { trained(name, dir, last) } catch e { stopped = "broken off" in e.message }
                equal = all([same(a, b) for a, b in zip(whole, trained(name, dir, 0))])
                print(name, last, stopped, equal)
            }
        }
        """

    @Test func `They end with the weights of an undisturbed training`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array(Self.script.utf8), to: folder + "/schemes.dist")
        let result = try Program.run("run", "--quiet", "schemes.dist", folder: folder)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 45)
        for line in lines { #expect(line.hasSuffix(" true true"), "\(line)") }
    }
}
