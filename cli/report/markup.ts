/** Text that is already HTML and is not escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** Plain words in which names stand between backquotes: escaped, the names set as code. */
export function prose(text: string): Markup {
  const parts = text.split('`');
  // An odd number of backquotes does not pair up: shown as it is.
  if (parts.length % 2 === 0) return html`${text}`;
  return new Markup(
    parts
      .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
      .join(''),
  );
}

type Value = string | number | undefined | null | false | Markup | readonly Value[];

/**
 * A template for HTML in which every value is escaped, whatever place it stands in, unless it is Markup itself.
 * Payloads of both targets are shown in reports: nothing of them may become an element, an attribute or a script.
 */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  let text = strings[0] ?? '';
  for (let i = 0; i < values.length; i += 1) text += render(values[i]) + (strings[i + 1] ?? '');
  return new Markup(text);
}

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map((each) => render(each as Value)).join('');
  return escapeHtml(String(value));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also makes control and direction-changing characters visible, so that a value cannot pose as another. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ESCAPES[character]!)
    .replace(/[^\P{Cc}\t\n\r]|\p{Cf}/gu, (character) => {
      return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
    });
}
