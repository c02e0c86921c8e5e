"""How a report looks in HTML: on screen, light and dark, and on paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --text: #1c2128; --faint: #59636e; --line: #d5dae0; --raised: #f4f6f8; --accent: #0a5fb4;
  --critical: #a40e26; --high: #b35900; --medium: #7a5b00; --low: #1a6f3c; --informational: #59636e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d; --text: #e3e7ec; --faint: #9aa4af; --line: #323a44; --raised: #1d232a;
    --accent: #6cb6ff;
    --critical: #ff7b86; --high: #ffa657; --medium: #e3c04d; --low: #6fcf8f; --informational: #9aa4af;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
ul { margin: .4rem 0; padding-left: 1.2rem; }
li { margin: .2rem 0; overflow-wrap: anywhere; }
ul.lines { list-style: none; padding: 0; }
ul.lines li { padding: .3rem .5rem; border-left: 3px solid var(--line); margin: .35rem 0; }
ul.lines code:last-of-type { display: block; white-space: pre-wrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td {
  text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  border-bottom: 1px solid var(--line);
}
th { font-weight: 600; color: var(--faint); font-size: .85em; white-space: nowrap; }
td { overflow-wrap: break-word; }
td code { overflow-wrap: anywhere; }
code {
  font: .88em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--raised); border-radius: 3px; padding: .08em .3em; overflow-wrap: anywhere;
  unicode-bidi: isolate;
}
small, .cites { color: var(--faint); font-size: .85em; }
.level { font-weight: 600; white-space: nowrap; }
.critical { color: var(--critical); } .high { color: var(--high); } .medium { color: var(--medium); }
.low { color: var(--low); } .informational { color: var(--informational); }
a { color: var(--accent); text-decoration: none; white-space: nowrap; }
a:hover, a:focus { text-decoration: underline; }
:target { background: var(--raised); outline: 2px solid var(--accent); outline-offset: 2px; }
@media print {
  :root {
    --ground: #fff; --text: #000; --faint: #444; --line: #bbb; --raised: #fff; --accent: #000;
    --critical: #000; --high: #000; --medium: #000; --low: #000; --informational: #000;
  }
  @page { margin: 15mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  table { font-size: 9pt; }
  th, td { padding-right: .5rem; }
  .wide { overflow: visible; }
  thead { display: table-header-group; }
  tr, li { break-inside: avoid; }
  h2 { break-after: avoid; }
  code { padding: 0; }
}
"""
