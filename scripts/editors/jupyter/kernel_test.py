"""Every test that jupyter_kernel_test offers, on the installed kernel."""
import unittest

import jupyter_kernel_test


class DistTests(jupyter_kernel_test.KernelTests):
    kernel_name = "distill"
    language_name = "dist"
    file_extension = ".dist"
    code_hello_world = "print('hello, world')"
    code_stderr = "save(plot([1.0, -2.0, 3.0], logy=true), \"/tmp/distill-kernel-test.png\")"
    completion_samples = [
        {"text": "log_softm", "matches": {"log_softmax"}},
        {"text": "softmax(x, di", "matches": {"dim="}},
    ]
    complete_code_samples = ["x = 1", "fn f(x) { x + 1 }", "?softmax", ""]
    incomplete_code_samples = ["fn f(x) {", "x = [1,"]
    invalid_code_samples = ["x = )", "1 +* 2"]
    code_execute_result = [{"code": "1+2", "result": "3"}, {"code": "2*2", "result": "4"}, {"code": "'a' + 'b'", "result": '"ab"'}]
    code_display_data = [
        {"code": "show(plot([1.0, 2.0, 3.0]))", "mime": "image/png"},
        {"code": "show(plot([1.0, 2.0]))", "mime": "image/svg+xml"},
    ]
    code_generate_error = 'raise "no"'
    code_inspect_sample = "softmax"
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main()
