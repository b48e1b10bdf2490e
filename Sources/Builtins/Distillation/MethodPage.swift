/// What the manual says about a method beside its formula and arguments, the same for every term.
struct MethodPage {
    /// Where it comes from.
    let paper: String
    /// How it is written into an objective, with the weight that the authors suggest.
    let use: String
    /// When it is a good choice, and when not.
    let when: String
    /// What else one has to know.
    var remarks: [String] = []

    /// The notes of the declaration.
    var notes: [String] { ["Paper: \(paper)", "Suggested: \(use)", "When: \(when)"] + remarks }
}
