/**
 * Text from outside (plan files, answers, other people's names) made safe for a terminal: control characters would move the
 * cursor, change the title or worse. Tabs and line breaks stay.
 */
export function sanitise(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
