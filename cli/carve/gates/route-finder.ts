/** Which route of a capability a request is for. Pure. */
import type { TrialRequest } from './requests.ts';

export function routeFinder(
  routes: readonly { method: string; path: string }[],
): (request: TrialRequest) => string {
  const known = routes.map(({ method, path }) => ({
    method,
    label: `${method} ${path}`,
    pattern: new RegExp(
      `^${path
        .split('/')
        .map((part) =>
          part.startsWith(':') ? '[^/]*' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\*]/g, '\\$&'),
        )
        .join('/')}/?$`,
    ),
    parameters: path.split(':').length,
  }));
  known.sort((a, b) => a.parameters - b.parameters);
  return ({ method, url }) => {
    const path = url.split('?')[0] ?? '';
    const found = known.find(
      (route) => (route.method === method || ['ALL', '*'].includes(route.method)) && route.pattern.test(path),
    );
    return found?.label ?? `${method} ${path}`;
  };
}
