import { createHash } from 'node:crypto';
import type { Analysis } from '../model.ts';
import { trafficSection } from '../observed/section.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { pictureOf } from './picture.ts';
import { routesTable, suggestionCards, unresolvedTable } from './sections.ts';

/**
 * One page that needs no network: the picture, the candidates, the inventory. Its policy allows exactly the style and the
 * script that are in it, by their hashes; everything that came from the project is text, never markup.
 */
export function renderHtml(analysis: Analysis): string {
  const picture = pictureOf(analysis);
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${sha256(PAGE_SCRIPT)}'`,
    `style-src 'sha256-${sha256(PAGE_STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const { project } = analysis;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(project.name)}: where it could be taken apart</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#candidates">Skip the picture</a>
<header>
<h1>${escapeHtml(project.name)}</h1>
<p>${analysis.routes.length} routes · ${analysis.models.length} models · ${project.files} files · ${project.lines} lines · ${analysis.unresolved.length} not settled</p>
</header>
<main>
<section class="picture" aria-labelledby="picture-title">
<h2 id="picture-title">Modules, models and seams</h2>
<div class="tools" role="toolbar" aria-label="Picture">
<button type="button" id="zoom-in" title="Zoom in (+)">+</button>
<button type="button" id="zoom-out" title="Zoom out (-)">−</button>
<button type="button" id="zoom-fit" title="Show all (0)">Fit</button>
<label><input type="checkbox" id="seams-only"> seams only</label>
<label>Find <input type="search" id="find" autocomplete="off" placeholder="model or file"></label>
</div>
<div class="stage">
<svg id="picture" role="application" aria-label="Picture of modules and models; arrow keys move between them, Enter shows evidence" tabindex="0"></svg>
<aside id="detail" aria-live="polite"><p>Choose a model, a file or a line to see its evidence.</p></aside>
</div>
<p class="legend"><span class="key model"></span> model <span class="key file"></span> file <span class="key seam"></span> seam: crosses a border <span class="key inner"></span> stays inside</p>
</section>
<section id="candidates" aria-labelledby="candidates-title"><h2 id="candidates-title">Candidates, the one to begin with first</h2>
${suggestionCards(analysis)}
</section>
<section aria-labelledby="routes-title"><h2 id="routes-title">Routes</h2>
<label>Filter <input type="search" id="route-filter" autocomplete="off" placeholder="path, model or file"></label>
${routesTable(analysis)}
</section>
${trafficSection(analysis, escapeHtml)}
<section aria-labelledby="unresolved-title"><h2 id="unresolved-title">Not settled by reading</h2>
${unresolvedTable(analysis)}
</section>
</main>
<script type="application/json" id="data">${embedded(picture)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that can't end the element it stands in, nor break a line of script. */
export function embedded(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
