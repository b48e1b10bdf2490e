-- Opens a file with an error, asks for help, renames, formats; ends with status 1 where something is not as it should be.
local buffer = vim.api.nvim_get_current_buf()
local function check(holds, what)
  if not holds then
    print("failed: " .. what .. "\n")
    vim.cmd("cquit 1")
  end
  print(what .. "\n")
end
local function text() return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n") end

local id = vim.lsp.start_client({ name = "distill", cmd = { vim.env.DISTILL, "lsp" }, root_dir = vim.fn.getcwd() })
check(id ~= nil and vim.lsp.buf_attach_client(buffer, id), "attached")
check(vim.wait(15000, function() return #vim.diagnostic.get(buffer) == 1 end, 20), "one error found")
local found = vim.diagnostic.get(buffer)[1]
check(found.lnum == 2 and found.col == 4 and found.message:find("did you mean softmax?", 1, true), "with place and way out")

local function ask(method, line, column, more)
  local parameters = vim.tbl_extend("force", {
    textDocument = vim.lsp.util.make_text_document_params(buffer), position = { line = line, character = column },
  }, more or {})
  local answer = vim.lsp.buf_request_sync(buffer, method, parameters, 10000)[id]
  check(answer ~= nil and answer.error == nil, method)
  return answer.result
end
local help = ask("textDocument/hover", 1, 5)
check(help.contents.value:find("fn scale(x, factor=2)", 1, true), "hover shows the signature")
vim.lsp.util.apply_workspace_edit(ask("textDocument/rename", 1, 5, { newName = "grow" }), "utf-16")
check(text():find("fn grow%(x") and text():find("y = grow%( 3 %)") and not text():find("scale"), "renamed in both places")
local actions = ask("textDocument/codeAction", 2, 5, {
  range = { start = { line = 2, character = 4 }, ["end"] = { line = 2, character = 4 } }, context = { diagnostics = {} },
})
vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
check(text():find("z = softmax%(y%)"), "the quick fix mends it")
check(vim.wait(15000, function() return #vim.diagnostic.get(buffer) == 0 end, 20), "no error left")
vim.lsp.util.apply_text_edits(
  ask("textDocument/formatting", 0, 0, { options = { tabSize = 4, insertSpaces = true } }), buffer, "utf-16")
check(text():find("y = grow%(3%)"), "formatted")
vim.cmd("qall!")
