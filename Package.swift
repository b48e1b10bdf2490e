// swift-tools-version: 6.1
import PackageDescription

/// How the program is linked so that it starts in half the time: with the Swift libraries inside (ten shared objects
/// less to load) and at a fixed address (no relocation of 55,000 pointers, each page of which would be copied).
/// `DISTILL_SHARED=1` leaves it out, for a toolchain that comes without static libraries.
let quickStart =
    Context.environment["DISTILL_SHARED"] == nil
    ? [
        "-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections", "-Xclang-linker", "-no-pie", "-Xlinker",
        "--icf=safe",
    ] : []

// A target imports only what stands above it in this list of layers; the README's architecture section says why.
let package = Package(
    name: "distill",
    products: [
        .executable(name: "distill", targets: ["distill"]),
        .library(name: "Tensors", targets: ["Tensors"]),
        .library(name: "DistillData", targets: ["Data"]),
        .library(name: "Learning", targets: ["Learning"]),
        .library(name: "Distillation", targets: ["Distillation"]),
        .library(name: "Drawing", targets: ["Drawing"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // System libraries and C
        .target(name: "CReadline", linkerSettings: [.linkedLibrary("readline")]),
        .systemLibrary(name: "CMark", providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .target(name: "CCairo"),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("m")]),
        .target(name: "CBase"),
        .target(
            name: "CKernels", dependencies: ["CBase"], exclude: ["README.md"], linkerSettings: [.linkedLibrary("m")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CZeroMQ"),
        .target(name: "CText"),
        .target(name: "CEmbedded", exclude: ["imagenet-classes.txt"]),
        .target(name: "CMachine", exclude: ["README.md"]),

        // Failures, files, interruption
        .target(name: "Base", dependencies: ["CBase"], exclude: ["README.md"]),

        // Text
        .target(name: "Diagnostics", dependencies: ["Base"]),
        .target(name: "Syntax", dependencies: ["Diagnostics"]),

        // Numbers, data, networks, distillation, figures: nothing here knows the language
        .target(name: "Tensors", dependencies: ["Base", "CKernels"], exclude: ["README.md"]),
        .target(
            name: "Data",
            dependencies: [
                "Tensors", "CEmbedded", "CZlib", "CPNG", "CJPEG",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        .target(name: "Tokenization", dependencies: ["Data", "CText"], exclude: ["README.md"]),
        .target(
            name: "Learning",
            dependencies: [
                "Tensors", "Data", "CKernels", .product(name: "OrderedCollections", package: "swift-collections"),
            ], exclude: ["README.md"]),
        .target(name: "Distillation", dependencies: ["Learning"], exclude: ["README.md"]),
        .target(
            name: "Drawing",
            dependencies: ["Base", "CCairo", "CPNG"]),

        // The language
        .target(
            name: "Runtime",
            dependencies: [
                "CMachine", "Syntax", "Tensors", "Data", "Learning",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            exclude: ["README.md"]),
        .target(
            name: "Builtins", dependencies: ["Runtime", "Distillation", "Tokenization", "Drawing", "CEmbedded"],
            exclude: ["Standard", "README.md"]),
        .target(name: "Checking", dependencies: ["Runtime"]),
        .target(name: "Notebook", dependencies: ["Builtins", "Checking", "CMark"]),
        .target(name: "Jupyter", dependencies: ["Notebook", "CZeroMQ"], exclude: ["README.md"]),
        .target(name: "LanguageServer", dependencies: ["Notebook"], exclude: ["README.md"]),
        .executableTarget(
            name: "distill",
            dependencies: [
                "Notebook", "Jupyter", "LanguageServer", "Checking", "CReadline",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: [.unsafeFlags(quickStart, .when(configuration: .release))]),

        // Tests, one bundle a target
        .testTarget(name: "BaseTests", dependencies: ["Base"]),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
        .target(name: "Snapshots", path: "Tests/Snapshots"),
        .target(name: "Fuzzing", dependencies: ["Notebook", "Checking"], path: "Tests/Fuzzing"),
        .executableTarget(name: "distill-fuzz", dependencies: ["Fuzzing"], path: "Tests/FuzzRunner"),
        .target(
            name: "PlainFuzzing", dependencies: ["Builtins", "CKernels", "Fuzzing"], path: "Tests/PlainFuzzing"),
        .executableTarget(name: "distill-fuzz-plain", dependencies: ["PlainFuzzing"], path: "Tests/PlainFuzzRunner"),
        .testTarget(name: "PlainTests", dependencies: ["PlainFuzzing", "Notebook"]),
        .testTarget(
            name: "SyntaxTests", dependencies: ["Syntax", "Notebook", "Fuzzing", "Snapshots"], exclude: ["Snapshots"]),
        .target(name: "Fixtures", dependencies: ["Tensors"], path: "Tests/Fixtures"),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "Fixtures"], exclude: ["Fixtures"]),
        .testTarget(name: "DataTests", dependencies: ["Data"], exclude: ["Fixtures"]),
        .testTarget(name: "TokenizationTests", dependencies: ["Tokenization"], exclude: ["Fixtures"]),
        .testTarget(name: "LearningTests", dependencies: ["Learning", "Fixtures"], exclude: ["Fixtures"]),
        .testTarget(name: "DistillationTests", dependencies: ["Distillation", "Builtins"], exclude: ["Fixtures"]),
        .testTarget(name: "DrawingTests", dependencies: ["Drawing"], exclude: ["Fixtures"]),
        .testTarget(
            name: "RuntimeTests", dependencies: ["Runtime", "Builtins", "Snapshots"],
            exclude: ["Fixtures", "Snapshots"]),
        .testTarget(name: "BuiltinsTests", dependencies: ["Builtins", "Fixtures"], exclude: ["Fixtures"]),
        .testTarget(
            name: "NotebookTests", dependencies: ["Notebook", "Checking", "Fuzzing", "Snapshots"],
            exclude: ["Transcripts", "Snapshots"]),
        .testTarget(name: "LanguageServerTests", dependencies: ["LanguageServer", "Notebook", "Checking", "Data"]),
        .target(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal"),
        .testTarget(name: "DistillTests", dependencies: ["Notebook", "Data", "Jupyter", "CZeroMQ", "CPseudoTerminal"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
