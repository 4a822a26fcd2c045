/** Names taken apart into words, so that different spellings of one word are the same. */

/** Words of a name, in lower case and singular: `orderItems`, `order-item` and `OrderItem` are the same. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map(singular);
}

/** A rough English singular: enough to bring `reviews` and `Review` together. */
export function singular(word: string): string {
  if (/(?:ss|us|is|news)$/.test(word) || word.length < 4) return word;
  if (word === 'people') return 'person';
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ch|sh|x|z|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}
