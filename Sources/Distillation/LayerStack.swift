import Learning
import Tensors

/// The layers of one kind that stand one behind another in a network, such as the encoder layers of a transformer: what terms
/// pair by number.
struct LayerStack {
    /// The path of the list that holds them.
    let path: String
    /// How many there are.
    let count: Int

    /// The longest list of layers of one kind that have layers of their own.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for a network without one, or with several that are as long.
    init(of net: Module, _ side: String, for term: Term) throws {
        let lists = net.namedModules().filter { entry in
            guard entry.module is ModuleList || entry.module is Sequential else { return false }
            let children = entry.module.children.values
            return !children.isEmpty && Set(children.map(\.typeName)).count == 1
                && children.allSatisfy { !$0.children.isEmpty }
        }
        let most = lists.map(\.module.children.count).max() ?? 0
        let longest = lists.filter { $0.module.children.count == most }
        guard let only = longest.first, longest.count == 1 else {
            throw DistillationError.option(
                term: term.name,
                problem: longest.isEmpty
                    ? "the \(side) has no list of layers of one kind: name the layers, \"teacher layer\" -> \"student layer\""
                    : "the \(side) has several lists of \(most) layers (\(longest.map(\.path).joined(separator: ", "))): name the layers, \"teacher layer\" -> \"student layer\""
            )
        }
        (path, count) = (only.path, most)
    }

    /// The path of a layer, counted from 0; negative numbers from the end.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for one that there is not.
    func layer(_ number: Int, _ side: String, for term: Term) throws -> LayerPath {
        let index = number < 0 ? number + count : number
        guard (0..<count).contains(index) else {
            throw DistillationError.option(
                term: term.name, problem: "layer \(number) of the \(side), whose \(path) has \(count)")
        }
        return LayerPath(path.isEmpty ? "\(index)" : "\(path).\(index)")
    }
}

/// Which layers of two stacks are compared.
public enum LayerMatching: String, Sendable, CaseIterable {
    /// Layer m of the student's M with layer m·N/M of the teacher's N, counted from 1.
    case uniform
    /// The last ones.
    case last

    /// The pairs for two networks.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for numbers of layers that do not divide each other.
    func pairs(teacher: Module, student: Module, for term: Term) throws -> [LayerPair] {
        let teachers = try LayerStack(of: teacher, "teacher", for: term)
        let students = try LayerStack(of: student, "student", for: term)
        let (n, m) = (teachers.count, students.count)
        if self == .last {
            return [
                LayerPair(
                    try teachers.layer(-1, "teacher", for: term), try students.layer(-1, "student", for: term))
            ]
        }
        guard n % m == 0 else {
            let divisors = (1...n).filter { n % $0 == 0 }.map(String.init).joined(separator: ", ")
            throw DistillationError.option(
                term: term.name,
                problem: "layers=\"uniform\": \(n) layers of the teacher cannot be shared by \(m) of the student; "
                    + "\(divisors) can, or name the layers: [\"\(teachers.path).1\" -> \"\(students.path).0\", …]")
        }
        return try (1...m).map { number in
            LayerPair(
                try teachers.layer(number * n / m - 1, "teacher", for: term),
                try students.layer(number - 1, "student", for: term))
        }
    }
}

extension LayerPair {
    /// The same layers, and what their attentions compute on the way.
    func looking(at name: String) -> LayerPair {
        func inside(_ path: LayerPath) -> LayerPath {
            path.side == .output ? LayerPath(components: path.components, side: .inside(name)) : path
        }
        return LayerPair(inside(teacher), inside(student))
    }
}

extension TermInput {
    /// Which positions of the texts count, as numbers [N, L]; nil where all do.
    ///
    /// - Parameter dim: where the features have positions.
    func positions(of features: Tensor, at dim: Int, for term: Term) throws -> Tensor? {
        guard let mask = batch.mask else { return nil }
        let shape = [features.shape[0], features.shape[dim]]
        guard mask.rank <= 2, mask.shape[0] == shape[0], mask.rank == 1 || mask.shape[1] == shape[1] else {
            throw DistillationError.feature(
                term: term.name, problem: "a mask \(mask.shape) for features \(features.shape)")
        }
        let counts = try mask.ne(.int(0)).to(features.dtype)
        // A mask of examples counts all positions of those that it leaves.
        return mask.rank == 2 ? counts : try counts.unsqueeze(dim: 1).expand(shape)
    }
}
