/** Style of the page. Colours keep a contrast of 4.5 to 1 for text in light and dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fbfbf9;--panel:#fff;--text:#1d232b;--soft:#59636e;--line:#d9dce1;--edge:#b4bcc6;--seam:#c2410c;--model:#0f766e;--file:#475569;--focus:#1d4ed8;--write:#9a3412;--ring:#eef1f4}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--panel:#1b2026;--text:#e6e9ee;--soft:#a3adb9;--line:#323a44;--edge:#4d5865;--seam:#fb923c;--model:#5eead4;--file:#94a3b8;--focus:#93c5fd;--write:#fdba74;--ring:#20262d}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header,main{max-width:1500px;margin:0 auto;padding:0 24px}
header{padding-top:20px}
h1{font-size:24px;margin:0}
h2{font-size:18px;margin:32px 0 10px}
h3{font-size:16px;margin:0 0 4px}
header p,.legend{color:var(--soft);margin:4px 0}
code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.skip{position:absolute;left:-999px}
.skip:focus{left:12px;top:8px;background:var(--panel);padding:6px 10px}
.tools{display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin-bottom:8px}
button,input{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:4px 10px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.stage{display:grid;grid-template-columns:minmax(0,1fr) 330px;gap:12px}
@media (max-width:900px){.stage{grid-template-columns:1fr}}
#picture{width:100%;height:68vh;min-height:420px;background:var(--panel);border:1px solid var(--line);border-radius:10px;touch-action:none;cursor:grab}
#detail{border:1px solid var(--line);border-radius:10px;background:var(--panel);padding:12px 14px;overflow:auto;max-height:68vh}
#detail h3{overflow-wrap:anywhere}
#detail ul{padding-left:18px;margin:6px 0}
#detail button{padding:0 4px;border:0;background:none;color:var(--focus);text-align:left;cursor:pointer;overflow-wrap:anywhere}
.group{fill:var(--ring);stroke:var(--line)}
.group-name{fill:var(--soft);font:600 15px system-ui,sans-serif;font-size:calc(13px * var(--unit,1));text-anchor:middle;paint-order:stroke;stroke:var(--panel);stroke-width:calc(3px * var(--unit,1));stroke-linejoin:round}
.edge{fill:none;stroke:var(--edge);stroke-opacity:.55}
.edge.seam{stroke:var(--seam);stroke-opacity:.5}
.hit{fill:none;stroke:transparent;stroke-width:9;cursor:pointer}
.hit:hover+.edge,.edge.chosen{stroke-opacity:1;stroke-width:3}
.node{cursor:pointer}
.node circle{fill:var(--file)}
.node.model circle{fill:var(--model)}
.node text{fill:var(--text);font:11px system-ui,sans-serif;font-size:calc(10px * var(--unit,1));text-anchor:middle;paint-order:stroke;stroke:var(--ring);stroke-width:calc(2.5px * var(--unit,1));stroke-linejoin:round}
.node.model text{font-weight:600}
.node.chosen circle{stroke:var(--focus);stroke-width:3}
.faint{opacity:.12}
.key{display:inline-block;width:12px;height:12px;border-radius:50%;vertical-align:-1px;margin-left:10px}
.key.model{background:var(--model)}.key.file{background:var(--file)}.key.seam{background:var(--seam);border-radius:2px;height:4px;vertical-align:3px}.key.inner{background:var(--edge);border-radius:2px;height:4px;vertical-align:3px}
.cards{list-style:none;counter-reset:card;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:14px}
.cards>li{counter-increment:card;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.cards h3::before{content:counter(card) ". ";color:var(--soft)}
.cards p{margin:4px 0;overflow-wrap:anywhere}
.cost{font-weight:600}
dl{display:flex;flex-wrap:wrap;gap:4px 14px;margin:8px 0}
dt{color:var(--soft);font-size:12px}
dd{margin:0;font-variant-numeric:tabular-nums}
.obstacles{margin:8px 0 0;padding-left:18px}
.obstacles li::marker{color:var(--seam)}
.scroll{overflow:auto;max-height:70vh;border:1px solid var(--line);border-radius:10px;margin-top:8px}
table{border-collapse:collapse;width:100%;background:var(--panel)}
th,td{text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);vertical-align:top}
th{position:sticky;top:0;background:var(--panel)}
.write{color:var(--write)}
[hidden]{display:none}
`;
