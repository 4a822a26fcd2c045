import type { Finding } from '../errors.ts';
import type { YamlSource } from '../yaml/source.ts';

/** `${NAME}`, or `$${NAME}` for the text itself. */
const REFERENCE = /\$?\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Replaces `${NAME}` in every text of the file by the environment's value; what is missing becomes a finding. */
export function interpolate(
  source: YamlSource,
  environment: Readonly<Record<string, string | undefined>>,
): { source: YamlSource; findings: Finding[] } {
  const findings: Finding[] = [];
  const resolveText = (text: string, path: (string | number)[]): string =>
    text.replace(REFERENCE, (reference: string, name: string) => {
      if (reference.startsWith('$$')) return reference.slice(1);
      const known = NAME.test(name) && Object.hasOwn(environment, name);
      const value = known ? environment[name] : undefined;
      if (value !== undefined) return value;
      findings.push({
        code: 'PROJECT_ENVIRONMENT',
        severity: 'error',
        message: NAME.test(name)
          ? `the environment variable ${name} is not set`
          : `"${reference}" is no reference to an environment variable`,
        place: source.placeOf(path),
        remedy: NAME.test(name)
          ? `Set ${name}, or write $\${${name}} for the text itself.`
          : 'A name has letters, digits and "_".',
      });
      return reference;
    });
  const walk = (value: unknown, path: (string | number)[]): unknown => {
    if (typeof value === 'string') return resolveText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    const out = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of Object.entries(value)) out[key] = walk(item, [...path, key]);
    return out;
  };
  return { source: { ...source, value: walk(source.value, []) }, findings };
}
