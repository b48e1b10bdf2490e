# Turns the reference manual (Markdown of `distill doc --manual`) into a page for man(1). Variable: version.
function plain(text) {
    gsub(/\\\|/, "|", text)
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}
# `code` in bold; nothing else of Markdown stands in the manual's lines.
function words(text,    parts, count, place, result) {
    count = split(text, parts, "`")
    result = ""
    for (place = 1; place <= count; place++)
        result = result (place % 2 == 0 && place < count ? "\\fB" plain(parts[place]) "\\fR" : plain(parts[place]))
    return result
}
function line(text) { print (text ~ /^[.']/ ? "\\&" : "") text }
function paragraph() { if (waiting) print ".PP"; waiting = 0 }
BEGIN {
    printf ".TH DISTILL\\-LIBRARY 7 \"\" \"distill %s\" \"The Dist library\"\n", version
    print ".SH NAME"
    print "distill\\-library \\- what a script in Dist can call"
    print ".SH DESCRIPTION"
    print "The functions, methods and constants of the language, as"
    print ".B distill doc"
    print "shows them."
}
/^```/ {
    if (fenced) { print ".fi"; print ".RE" } else { print ".PP"; print ".RS 4"; print ".nf" }
    fenced = !fenced
    waiting = 0
    next
}
fenced { line(plain($0)); next }
/^# / { next }
/^## / { print ".SH \"" words(substr($0, 4)) "\""; waiting = 0; next }
/^####? / { sub(/^#+ /, ""); print ".SS \"" words($0) "\""; waiting = 0; next }
/^\|/ {
    # The row above the dashes names the columns; the text of each row says enough.
    text = $0
    gsub(/\\\|/, "\001", text)
    count = split(text, cells, "|")
    if (text ~ /^\|[-|]+$/) { inside = 1; next }
    if (!inside) next
    print ".TP"
    for (place = 2; place < count; place++) {
        cell = cells[place]
        gsub(/^ +| +$/, "", cell)
        gsub(/\001/, "|", cell)
        if (place == 2) { line(words(cell)); rest = "" }
        else if (cell != "") rest = rest (rest == "" ? "" : "; ") words(cell)
    }
    line(rest)
    waiting = 0
    next
}
{ inside = 0 }
/^$/ { waiting = 1; next }
/^    / { print ".PP"; print ".RS 4"; line(words(substr($0, 5))); print ".RE"; waiting = 0; next }
/^- / { print ".IP \\(bu 2"; line(words(substr($0, 3))); waiting = 0; next }
{ paragraph(); line(words($0)) }
