// Whoever opens the console wants to press its keys, not click into it first.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
