/** What may come next: a value, the key of an object, or what follows a value. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

/** One token of JSON (RFC 8259, 2): a bracket or sign, a string, or another scalar. */
const tokenPattern =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a JSON string holds none
  /(?:([[\]{}:,])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.]))/y;

const blankPattern = /[ \t\n\r]*/y;

/** Offset of the first character that cannot stand where it is in a JSON text, or its length when it ends too early; null: it is JSON. */
export function jsonFaultAt(text: string): number | null {
  const open: ('{' | '[')[] = [];
  const [blanks, tokens] = [new RegExp(blankPattern), new RegExp(tokenPattern)];
  for (let expected: Expected | null = 'value'; ; ) {
    blanks.lastIndex = tokens.lastIndex;
    blanks.exec(text);
    const at = blanks.lastIndex;
    if (expected === 'comma or end' && open.length === 0) return at === text.length ? null : at;
    tokens.lastIndex = at;
    const match = tokens.exec(text);
    if (match === null) return at;
    expected = after(expected, match[1] ?? (match[2] === undefined ? 'scalar' : 'string'), open);
    if (expected === null) return at;
  }
}

/** What is expected behind a token, and `open` brought up to it; null: it may not stand there. */
function after(expected: Expected, token: string, open: ('{' | '[')[]): Expected | null {
  if (expected === 'colon') return token === ':' ? 'value' : null;
  if (expected.startsWith('key') && token === 'string') return 'colon';
  if (expected === 'key or }' && token === '}') return closed(open);
  if (expected === 'value or ]' && token === ']') return closed(open);
  if (expected.startsWith('value')) return afterValue(token, open);
  if (expected !== 'comma or end') return null;
  const inner = open.at(-1);
  if (token === ',') return inner === '{' ? 'key' : 'value';
  return (token === '}' && inner === '{') || (token === ']' && inner === '[') ? closed(open) : null;
}

function afterValue(token: string, open: ('{' | '[')[]): Expected | null {
  if (token === 'string' || token === 'scalar') return 'comma or end';
  if (token !== '{' && token !== '[') return null;
  open.push(token);
  return token === '{' ? 'key or }' : 'value or ]';
}

function closed(open: ('{' | '[')[]): Expected {
  open.pop();
  return 'comma or end';
}
