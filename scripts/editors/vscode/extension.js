// Folding on cells: VS Code's folding markers need an end of their own, which a cell has not got.
"use strict";

const vscode = require("vscode");
const { folds } = require("./folding");

exports.activate = (context) => {
    const provider = {
        provideFoldingRanges(document) {
            return folds(document.getText().split(/\r?\n/)).map(([first, last]) => new vscode.FoldingRange(first, last));
        },
    };
    context.subscriptions.push(vscode.languages.registerFoldingRangeProvider({ language: "dist" }, provider));
};

exports.deactivate = () => {};
