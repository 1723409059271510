const namedEntities: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  copy: '©',
  gt: '>',
  lt: '<',
  nbsp: ' ',
  quot: '"',
  reg: '®',
  trade: '™',
};

function decodeEntity(whole: string, name: string): string {
  if (name.startsWith('#')) {
    const hexadecimal = name[1] === 'x' || name[1] === 'X';
    const code = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  }
  return namedEntities[name.toLowerCase()] ?? whole;
}

/**
 * The words a reader of an HTML mail sees: tags, comments, scripts and styles gone, entities decoded.
 * Broken markup is the rule in spam, so this never fails: what is no tag stays text.
 */
export function htmlToText(html: string): string {
  const readable = html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<(script|style|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ');
  // Behind the last ">" no tag can end: looking for its end from each "<" there would take time by the square.
  const tagged = readable.lastIndexOf('>') + 1;
  return (withoutTags(readable.slice(0, tagged)) + readable.slice(tagged))
    .replace(/&(#[xX]?[0-9a-fA-F]{1,7}|[a-zA-Z]{2,8});?/g, decodeEntity)
    .replace(/[ \t]+/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

function withoutTags(html: string): string {
  return html
    .replace(/<\/?(?:p|br|div|tr|td|th|li|ul|ol|h[1-6]|table|hr|blockquote|center)\b[^>]*>/gi, '\n')
    .replace(/<[a-zA-Z/!?][^>]*>/g, '');
}
