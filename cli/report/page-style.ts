/** The report's style sheet. Inlined, and allowed by its hash in the page's content security policy. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #566274; --line: #d9dfe7; --paper: #ffffff; --panel: #f5f7fa; --accent: #1f5fbf;
  --go: #12703c; --go-paper: #e3f5ea; --no-go: #b3231f; --no-go-paper: #fdeaea; --unsure: #8a5a00; --unsure-paper: #fff3d9;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf2; --soft: #a3afbf; --line: #333d4b; --paper: #12171e; --panel: #1a212b; --accent: #8bb8ff;
    --go: #7ee2a8; --go-paper: #12301f; --no-go: #ff9d98; --no-go-paper: #3a1716; --unsure: #ffd27a; --unsure-paper: #352708;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; }
body { margin: 0; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; color: var(--ink); background: var(--paper); }
main, .top { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 2; }
header.top { border-bottom: 1px solid var(--line); padding-top: 1.5rem; padding-bottom: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1rem 0 .35rem; }
p { margin: .4rem 0; max-width: 60rem; }
.soft { color: var(--soft); } .small { font-size: .875rem; }
nav { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: 0; padding: .6rem 0; font-size: .9rem; }
.verdict { border-radius: .6rem; padding: 1.1rem 1.3rem; margin: 1.5rem 0 1rem; border-left: .5rem solid; }
.verdict strong { font-size: 1.5rem; display: block; }
.verdict.go { background: var(--go-paper); border-color: var(--go); } .verdict.go strong { color: var(--go); }
.verdict.no-go { background: var(--no-go-paper); border-color: var(--no-go); } .verdict.no-go strong { color: var(--no-go); }
.verdict.insufficient-evidence { background: var(--unsure-paper); border-color: var(--unsure); } .verdict.insufficient-evidence strong { color: var(--unsure); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .4rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 3px solid var(--accent); }
th[aria-sort=ascending] button::after { content: ' ▲'; } th[aria-sort=descending] button::after { content: ' ▼'; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font-family: var(--mono); font-size: .86em; }
code { overflow-wrap: anywhere; }
pre { margin: 0; padding: .7rem .9rem; background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.mark { display: inline-block; border-radius: 1rem; padding: 0 .6rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.mark.critical { color: var(--paper); background: var(--no-go); }
.mark.high, .mark.untested, .mark.expired, .mark.unmet, .mark.regressed { color: var(--no-go); background: var(--no-go-paper); }
.mark.medium, .mark.thin, .mark.dead, .mark.flaky, .mark.new { color: var(--unsure); background: var(--unsure-paper); }
.mark.low, .mark.not-mirrored, .mark.persisting { color: var(--soft); background: var(--panel); }
.mark.tested, .mark.active, .mark.met, .mark.fixed { color: var(--go); background: var(--go-paper); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: .35rem .9rem; align-items: center; max-width: 46rem; }
.bars .track { background: var(--panel); border-radius: .3rem; height: .9rem; overflow: hidden; }
.bars svg { display: block; width: 100%; height: 100%; } .bars rect { fill: var(--accent); }
.tools { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: .75rem 0; }
.tools label { display: grid; font-size: .8rem; color: var(--soft); gap: .15rem; }
input, select, button.copy { font: inherit; font-size: .9rem; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: .35rem; padding: .3rem .55rem; }
button.copy { cursor: pointer; font-size: .8rem; }
details.cluster { border: 1px solid var(--line); border-radius: .5rem; margin: .55rem 0; content-visibility: auto; contain-intrinsic-size: auto 3.2rem; }
details.cluster > summary { cursor: pointer; padding: .65rem .9rem; display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: baseline; }
details.cluster > summary .title { flex: 1 1 24rem; }
details.cluster[open] > summary { border-bottom: 1px solid var(--line); background: var(--panel); }
details.cluster > .body { padding: .3rem .9rem 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .8rem; } .pair > * { min-width: 0; }
details.more > summary { cursor: pointer; padding: .5rem 0; color: var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; font-size: .9rem; margin: .6rem 0; } dt { color: var(--soft); } dd { margin: 0; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding: 1rem 0 2rem; }
[hidden] { display: none !important; }
@media (max-width: 48rem) {
  .pair, .bars { grid-template-columns: 1fr; } .bars { gap: .1rem; } .bars .track { margin-bottom: .4rem; }
  .bars > span:nth-child(3n) { grid-row: auto; margin-top: -.5rem; margin-bottom: .5rem; }
  main, .top { padding-left: .9rem; padding-right: .9rem; }
  nav ul { flex-wrap: nowrap; overflow-x: auto; white-space: nowrap; }
  .tools label { flex: 1 1 9rem; } .tools input, .tools select { width: 100%; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
  details.cluster > summary .title { flex-basis: 100%; overflow-wrap: anywhere; }
  table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .3rem .2rem; }
  td, td.number { position: relative; border: 0; min-height: 1.8rem; padding: .15rem .6rem .15rem 38%; text-align: left; white-space: normal; overflow-wrap: anywhere; }
  td::before { content: attr(data-label); position: absolute; left: .6rem; width: 33%; color: var(--soft); }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --panel: #f5f5f5; --accent: #000; --go: #12703c; --go-paper: #fff; --no-go: #b3231f; --no-go-paper: #fff; --unsure: #8a5a00; --unsure-paper: #fff; }
  nav, .tools, .skip, button.copy, footer kbd, .keys { display: none !important; }
  body { font-size: 10pt; } h2, h3 { break-after: avoid; } tr, .verdict { break-inside: avoid; } .scroll { overflow: visible; }
  .mark { border: 1px solid currentcolor; } .mark.critical { color: var(--no-go); background: none; }
  details.cluster { break-inside: avoid-page; content-visibility: visible; } details.cluster[open] { break-inside: auto; } pre { max-height: none; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
