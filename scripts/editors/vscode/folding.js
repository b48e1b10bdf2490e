// Where a Dist text folds: cells, and brackets that close on a later line.
"use strict";

const marker = /^# %%(?:\s|$)/;

/** The folds of the lines of a text as [first, last], line numbers from 0. */
function folds(lines) {
    const found = [];
    let cell = -1;
    lines.forEach((line, number) => {
        if (!marker.test(line)) return;
        if (cell >= 0) found.push([cell, lastFilled(lines, number - 1)]);
        cell = number;
    });
    if (cell >= 0) found.push([cell, lastFilled(lines, lines.length - 1)]);
    return found.concat(brackets(lines)).filter(([first, last]) => last > first);
}

/** The last line at or above `number` that is not empty. */
function lastFilled(lines, number) {
    while (number > 0 && lines[number].trim() === "") number -= 1;
    return number;
}

/** Brackets outside strings and comments, from the line that opens to the one above the line that closes. */
function brackets(lines) {
    const found = [];
    const open = [];
    let quote = null;
    lines.forEach((line, number) => {
        if (quote && quote.length === 1) quote = null;
        for (let place = 0; place < line.length; place += 1) {
            const rest = line.slice(place);
            if (quote) {
                if (rest[0] === "\\") place += 1;
                else if (rest.startsWith(quote)) {
                    place += quote.length - 1;
                    quote = null;
                }
            } else if (rest[0] === "#") break;
            else if (rest.startsWith('"""')) {
                quote = '"""';
                place += 2;
            } else if (rest[0] === '"' || rest[0] === "'") quote = rest[0];
            else if ("([{".includes(rest[0])) open.push(number);
            else if (")]}".includes(rest[0]) && open.length > 0) {
                const first = open.pop();
                if (number - 1 > first) found.push([first, number - 1]);
            }
        }
    });
    return found;
}

module.exports = { folds };
