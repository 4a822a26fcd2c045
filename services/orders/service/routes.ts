/** Finds the template of the route that a request is for: a label with few values, whatever clients ask for. */
export function routeFinder(routes: [method: string, template: string][]) {
  const matchers = routes.map(([method, template]) => ({ method, template, pattern: patternOf(template) }));
  return (method: string, path: string): string | undefined => {
    const wanted = method === 'HEAD' ? 'GET' : method;
    for (const route of matchers) {
      const fits = route.method === wanted || route.method === '*' || route.method === 'ALL';
      if (fits && route.pattern.test(path)) return route.template;
    }
    return undefined;
  };
}

/** `/articles/:slug/*` as a regular expression that looks at every character once. */
function patternOf(template: string): RegExp {
  const source = template
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => {
      if (segment.includes('*')) return '/.*';
      const parameter = /^(.*?)[:{]/.exec(segment);
      if (!parameter) return `/${escaped(segment)}`;
      const part = `/${escaped(parameter[1] ?? '')}[^/]+`;
      return segment.endsWith('?') ? `(?:${part})?` : part;
    })
    .join('');
  return new RegExp(`^${source}/?$`, 'i');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
