/** What may stand next in a JSON text; the `first` ones may be the closing bracket instead. */
type Expected = 'value' | 'firstValue' | 'name' | 'firstName' | 'colon' | 'next';

const whiteSpace = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** One run of plain characters or one escape. No group repeats: over a long text that would run out of stack. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold them (RFC 8259, 7)
const stringPart = /[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/**
 * Says that a text is no JSON, and where, but nothing of the text itself: what `JSON.parse` says quotes it, and events
 * and bodies belong neither into logs nor into details.
 */
export function jsonFault(text: string): string {
  const at = jsonFaultAt(text);
  return at === null ? 'not valid JSON' : `not valid JSON at position ${at}`;
}

/**
 * Index of the first character that JSON (RFC 8259) cannot have there, or the length when more would have to follow;
 * null when the text is JSON. Linear, and without recursion.
 */
export function jsonFaultAt(text: string): number | null {
  const closers: string[] = [];
  let expected: Expected = 'value';
  let at = endOf(whiteSpace, text, 0);
  while (at < text.length) {
    const char = text.charAt(at);
    const end = tokenEnd(text, at);
    const then: Expected | null = ',:[]{}'.includes(char)
      ? afterMark(char, expected, closers)
      : afterScalar(char, expected);
    if (then === null || end === at) return at;
    if (char === '"' && text.charAt(end - 1) !== '"') return end - 1;
    expected = then;
    at = endOf(whiteSpace, text, end);
  }
  return expected === 'next' && closers.length === 0 ? null : at;
}

/** What is expected behind a bracket, comma or colon; null when it may not stand here. */
function afterMark(char: string, expected: Expected, closers: string[]): Expected | null {
  const isValue = expected === 'value' || expected === 'firstValue';
  switch (char) {
    case '{':
    case '[':
      if (!isValue) return null;
      closers.push(char === '{' ? '}' : ']');
      return char === '{' ? 'firstName' : 'firstValue';
    case ':':
      return expected === 'colon' ? 'value' : null;
    case ',':
      if (expected !== 'next' || closers.length === 0) return null;
      return closers.at(-1) === '}' ? 'name' : 'value';
    default:
      if (!['next', 'firstName', 'firstValue'].includes(expected) || closers.at(-1) !== char) return null;
      closers.pop();
      return 'next';
  }
}

/** The same behind a string, number or word. */
function afterScalar(char: string, expected: Expected): Expected | null {
  if (expected === 'value' || expected === 'firstValue') return 'next';
  const isName = char === '"' && (expected === 'name' || expected === 'firstName');
  return isName ? 'colon' : null;
}

/** Where the token ends that begins here: the same place when none does, and one behind where a string's quote must be. */
function tokenEnd(text: string, at: number): number {
  const char = text.charAt(at);
  if (',:[]{}'.includes(char)) return at + 1;
  if (char !== '"') return endOf(scalar, text, at);
  let end = at + 1;
  for (let next = endOf(stringPart, text, end); next > end; next = endOf(stringPart, text, end)) end = next;
  return end + 1;
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
