import Data
import Diagnostics
import Distillation
import Runtime

/// So many views of augmented data before the first comes again.
final class ViewsObject: LanguageObject {
    static var languageName: String { "views" }

    let count: Int

    init(_ count: Int) { self.count = count }
}

/// When teacher values are computed once: a policy, or a number of views of augmented data.
struct CacheChoice: ValueDecodable, LiteralEncodable {
    let policy: CachePolicy
    var views: Int?

    static var languageType: LanguageType { .union([.options(["auto", "on", "off"]), .object("views")]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> CacheChoice? {
        if let views = ViewsObject.decode(value, in: interpreter) {
            return CacheChoice(policy: .auto, views: views.count)
        }
        return value.text.flatMap { CachePolicy(rawValue: $0) }.map { CacheChoice(policy: $0) }
    }

    var literal: Literal { .string(policy.rawValue) }
}

extension Library {
    /// `views`.
    func addViews() {
        add(
            ObjectType(
                ViewsObject.self, "How many views of augmented data there are.",
                display: { Markup("views(\($0.count))") }))
        add(
            Builtin(
                "views", .distillation,
                "For `distill(…, cache=views(8))`: augmented examples have so many views, and the teacher is asked once about each.",
                Parameter<Int>("count", "how many views; epoch e shows view e mod count"),
                returns: "an option of distill",
                notes: [
                    "The views follow from the seed and the row of an example, so that they come again bit for bit: the teacher's values are those of the very view. A checkpoint holds a mark of views and transforms.",
                    "After count epochs the student sees nothing new; the teacher's work is that of count epochs. mixup and cutmix have no such views.",
                ],
                seeAlso: ["distill", "augment"],
                examples: [
                    Example(
                        """
                        images = augment(TensorDataset(rand(16, 1, 8, 8), arange(16) % 2), shift(1))
                        teacher = Sequential(Flatten(), Linear(64, 2))
                        distill(teacher -> teacher.copy(), images, epochs=4, cache=views(2)).epochs
                        """, "4")
                ]
            ) { (count: Int) in
                guard Augmentation.viewCounts.contains(count) else {
                    throw Failure(.value, "views(\(count)): at least 1, at most \(Augmentation.viewCounts.upperBound)")
                }
                return ViewsObject(count)
            })
    }
}
