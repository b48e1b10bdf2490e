/// Why a kernel cannot start or be installed.
package struct KernelError: Error {
    /// What is wrong.
    package let message: String
    /// What would help.
    package let help: String?

    init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }
}
