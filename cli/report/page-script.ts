/**
 * The report's only script: filter, sort, copy and permalinks. Everything is readable without it.
 * Inlined, and allowed by its hash in the page's content security policy.
 */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const list = document.getElementById('cluster-list');
  const controls = ['text', 'severity', 'state', 'kind', 'route', 'order'].map((name) => document.getElementById('filter-' + name));
  const shown = document.getElementById('clusters-shown');
  const clusters = list ? [...list.children].map((element) => ({ element, data: element.dataset, text: (element.dataset.text || '').toLowerCase() })) : [];
  const by = {
    rank: (c) => Number(c.data.rank), seen: (c) => -Number(c.data.seen), share: (c) => -Number(c.data.share), last: (c) => -Date.parse(c.data.last || 0),
  };
  let order = 'rank';
  const count = (number) => String(number).replace(/\\B(?=(\\d{3})+$)/g, '\u202f');

  function apply() {
    if (!list || controls.some((control) => !control)) return;
    const [text, severity, state, kind, route, wanted] = controls.map((control) => control.value);
    const words = text.toLowerCase().split(/\\s+/).filter(Boolean);
    let visible = 0;
    for (const cluster of clusters) {
      const data = cluster.data;
      const match = (!severity || data.severity === severity) && (!state || data.state === state) && (!kind || data.kind === kind) &&
        (!route || data.route === route) && words.every((word) => cluster.text.includes(word));
      if (cluster.element.hidden === match) cluster.element.hidden = !match;
      if (match) visible += 1;
    }
    // Moving elements costs far more than hiding them, so it is done only when their order changes.
    if (wanted !== order) {
      order = wanted;
      clusters.sort((a, b) => by[order](a) - by[order](b) || by.rank(a) - by.rank(b));
      list.append(...clusters.map((cluster) => cluster.element));
    }
    shown.textContent = count(visible) + ' of ' + count(clusters.length) + ' shown' + (visible === 0 ? ': no difference matches all of these filters' : '');
    const query = new URLSearchParams();
    for (const control of controls) if (control.value && control.value !== 'rank') query.set(control.id.slice(7), control.value);
    history.replaceState(null, '', (query.size ? '?' + query : location.pathname) + location.hash);
  }

  for (const [name, value] of new URLSearchParams(location.search)) {
    const control = controls.find((each) => each && each.id === 'filter-' + name);
    if (control) control.value = value;
  }
  for (const control of controls) control && control.addEventListener('input', apply);
  if (location.search) apply();

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === 'DETAILS') { target.hidden = false; target.open = true; target.scrollIntoView(); target.firstElementChild.focus({ preventScroll: true }); }
  }
  addEventListener('hashchange', openTarget);
  openTarget();

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.copy');
    if (!button) return;
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && event.target === controls[0]) { controls[0].value = ''; apply(); controls[0].blur(); }
    if (event.target.matches('input, select, textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') { event.preventDefault(); controls[0] && controls[0].focus(); }
    if (event.key !== 'j' && event.key !== 'k') return;
    const open = [...document.querySelectorAll('details.cluster:not([hidden]) > summary')];
    const at = open.indexOf(document.activeElement);
    const next = open[event.key === 'j' ? at + 1 : Math.max(0, at - 1)];
    if (next) next.focus();
  });

  for (const button of document.querySelectorAll('th button')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const table = head.closest('table');
      const column = [...head.parentNode.children].indexOf(head);
      const descending = head.getAttribute('aria-sort') === 'ascending';
      for (const other of head.parentNode.children) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      const key = (row) => { const cell = row.children[column]; return cell.dataset.value || cell.textContent; };
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = key(a), y = key(b);
        const order = x !== '' && y !== '' && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
        return descending ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  }
})();
`;
