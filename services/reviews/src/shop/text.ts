const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML and for attribute values. */
export function escapeHtml(value: unknown): string {
  return String(value ?? '').replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** 2026-06-30 → "30.06.2026" */
export function formatDate(date: Date): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split('-');
  return `${day}.${month}.${year}`;
}

const bannedWords = ['casino', 'viagra', 'crypto-giveaway', 'idiot'];

/** Texts that a person has to look at before others see them. */
export function looksLikeSpam(text: string): boolean {
  const lower = text.toLowerCase();
  return bannedWords.some((word) => lower.includes(word)) || (lower.match(/https?:\/\//g)?.length ?? 0) > 2;
}

/** A text field of a form or JSON body: trimmed, empty when missing. */
export function textField(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
