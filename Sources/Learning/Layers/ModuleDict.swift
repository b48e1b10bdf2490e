import OrderedCollections

/// Modules by name, whose parameters belong to the network that holds it; it has no forward pass of its own. The names are
/// those of paths and of the state, whatever the language can bind.
public final class ModuleDict: Module, ClosedModule {
    /// Children under their names.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for a name that is empty or has a dot, which paths put between names.
    public init(_ modules: OrderedDictionary<String, Module>) throws {
        super.init()
        for (name, module) in modules {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: ".")) else {
                throw ModuleError.argument(
                    layer: "ModuleDict", problem: "a name must not be empty or have a dot, given \"\(name)\"")
            }
            register(module, as: name)
        }
    }

    /// A copy with copies of the children.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try ModuleDict(children.mapValues { try copies.module($0) })
    }
}
