import { parseTemplate } from '../routing/template.ts';

export interface RouteText {
  methods: string[];
  template: string;
}

const ROUTE = /^([^\s/]+(?:\s*,\s*[^\s/,]+)*)\s+(\/\S*)$/;
const METHOD = /^(\*|[A-Z][A-Z0-9-]{0,29})$/;

/** `GET,POST /path` as methods and template, or what is wrong with it in a sentence. */
export function parseRouteText(text: string): RouteText | { problem: string } {
  const parts = ROUTE.exec(text.trim());
  if (parts === null)
    return { problem: `"${text}" is no route: write methods and a path, such as "GET /products/:slug"` };
  const [, list, template] = parts as unknown as [string, string, string];
  const methods = list.split(',').map((method) => method.trim());
  for (const method of methods) {
    if (METHOD.test(method)) continue;
    const upper = method.toUpperCase();
    return {
      problem: METHOD.test(upper)
        ? `methods are upper-case: write ${upper} instead of ${method}`
        : `"${method}" is no method`,
    };
  }
  if (new Set(methods).size < methods.length) return { problem: `"${text}" names a method twice` };
  if (methods.length > 1 && methods.includes('*'))
    return { problem: `"${text}": "*" stands for every method, so it stands alone` };
  const parsed = parseTemplate(template);
  return 'problem' in parsed ? parsed : { methods, template };
}

/** Safe methods of RFC 9110 section 9.2.1: they ask and change nothing. */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
