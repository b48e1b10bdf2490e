" Dist, the language of distill.
if exists("b:current_syntax")
    finish
endif

syntax keyword distStatement fn break continue return raise assert no_grad
syntax keyword distConditional if else
syntax keyword distRepeat for in while
syntax keyword distException try catch
syntax keyword distOperatorWord and or not
syntax keyword distConstant true false none
syntax match distContextual "^\s*\zsmodule\ze\s\+\K"
syntax match distContextual "^\s*\zsparam\ze\s\+\K"
syntax match distContextual "^\s*\zsimport\ze\s*[\"']"
syntax match distContextual "[\"']\s\+\zsas\ze\s\+\K"

syntax match distFunction "\<\K\k*\ze("
syntax match distMember "\.\K\k*"hs=s+1
syntax match distNumber "\<0x[0-9a-fA-F_]\+\>"
syntax match distNumber "\<\d[0-9_]*\%(\.\d[0-9_]*\)\?\%([eE][+-]\?\d\+\)\?\>"
syntax match distOperator "=>\|->\||>\|\*\*\|//\|[-+*/%@=<>!]=\?\|[&|~]"

syntax match distEscape contained "\\[ntr0\"'\\]\|\\u{\x\{1,6}}"
syntax match distBrace contained "{{\|}}"
syntax region distField contained matchgroup=distDelimiter start="{" end="\%(:[^}\"']*\)\?}" contains=TOP
syntax region distString start=+"+ skip=+\\.+ end=+"\|$+ contains=distEscape
syntax region distString start=+'+ skip=+\\.+ end=+'\|$+ contains=distEscape
syntax region distString start=+"""+ end=+"""+ contains=distEscape
syntax region distString start=+\<r"+ end=+"\|$+
syntax region distString start=+\<r'+ end=+'\|$+
syntax region distString start=+\<f"+ skip=+\\.+ end=+"\|$+ contains=distEscape,distBrace,distField
syntax region distString start=+\<f'+ skip=+\\.+ end=+'\|$+ contains=distEscape,distBrace,distField
syntax region distString start=+\<f"""+ end=+"""+ contains=distEscape,distBrace,distField

syntax match distComment "#.*$"
syntax match distCell "^# %%\%(\s.*\)\?$"

highlight default link distStatement Statement
highlight default link distConditional Conditional
highlight default link distRepeat Repeat
highlight default link distException Exception
highlight default link distOperatorWord Operator
highlight default link distContextual Keyword
highlight default link distConstant Boolean
highlight default link distFunction Function
highlight default link distMember Identifier
highlight default link distNumber Number
highlight default link distOperator Operator
highlight default link distEscape SpecialChar
highlight default link distBrace SpecialChar
highlight default link distDelimiter Delimiter
highlight default link distString String
highlight default link distComment Comment
highlight default link distCell Title

let b:current_syntax = "dist"
