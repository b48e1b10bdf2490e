" Dist: comments, indentation, folding on cells, errors in the quickfix list.
if exists("b:did_ftplugin")
    finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal expandtab shiftwidth=4 softtabstop=4 autoindent cindent cinkeys-=0#
setlocal foldmethod=expr foldexpr=getline(v:lnum)=~#'^#\ %%\\%(\\s\\\|$\\)'?'>1':'='
setlocal makeprg=distill\ check\ %:S
setlocal errorformat=%Eerror[%*\\w]:\ %m,%C%*\\s┌─\ %f:%l:%c%.%#,%C%.%#,%-G%.%#

let b:undo_ftplugin = "setlocal comments< commentstring< expandtab< shiftwidth< softtabstop< autoindent< cindent<"
    \ . " cinkeys< foldmethod< foldexpr< makeprg< errorformat<"
