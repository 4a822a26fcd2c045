import { ExactNumber, JsonArray, type JsonNode } from './node.ts';

/** A short text of a node for people: at most about `limit` characters, whatever the node's size. */
export function preview(node: JsonNode, limit = 200): string {
  const parts: string[] = [];
  let room = limit;
  const put = (text: string) => {
    room -= text.length;
    parts.push(text);
  };
  const write = (value: JsonNode): void => {
    if (room <= 0) return;
    if (value === null || typeof value === 'boolean' || typeof value === 'number') put(String(value));
    else if (typeof value === 'string')
      put(JSON.stringify(value.length > limit ? `${value.slice(0, limit)}…` : value));
    else if (value instanceof ExactNumber) put(value.text.slice(0, limit));
    else if (value instanceof JsonArray) {
      put('[');
      for (let i = 0; i < value.items.length && room > 0; i++) {
        if (i > 0) put(',');
        write(value.items[i]!);
      }
      put(room > 0 ? ']' : '…');
    } else {
      put('{');
      for (let i = 0; i < value.keys.length && room > 0; i++) {
        put(`${i > 0 ? ',' : ''}${JSON.stringify(value.keys[i]!.slice(0, limit))}:`);
        write(value.values[i]!);
      }
      put(room > 0 ? '}' : '…');
    }
  };
  write(node);
  return parts.join('');
}
