autocmd BufRead,BufNewFile *.dist setfiletype dist
