extension Failure {
    /// A field of a module called self, which is the module itself.
    package static var fieldCalledSelf: Failure {
        Failure(
            .name, "self cannot be a field: in a module it is the module itself",
            help: ["another name; load(net, path, rename={\"self.\": \"attend.\"}) fits the file's"])
    }
}
