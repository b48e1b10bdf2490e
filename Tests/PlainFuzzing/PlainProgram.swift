/// A random program whose global `results`, a dict of tensors, must not depend on how it is computed.
package protocol PlainProgram: Sendable {
    /// What makes the numbers that go in, and what is done with them, each a list of lines. The first part is always computed
    /// quickly, so that the same numbers go in.
    var parts: (setup: [String], work: [String]) { get }
    /// Programs that do less.
    var smaller: [Self] { get }
    /// How far a float32 number may be off, as a share of the largest and the root mean square.
    var tolerance: Double { get }
    /// Whether infinities and nan are among its numbers from the start; where they are not, they come of a training that runs
    /// away.
    var makesInfinities: Bool { get }
}

extension PlainProgram {
    /// The text.
    package var source: String { (parts.setup + parts.work).joined(separator: "\n") + "\n" }
    /// What the result of a whole network may differ by.
    package var tolerance: Double { 2e-5 }
    package var makesInfinities: Bool { true }
}
