/** One member of a JSON object: its name, and where the source text of its value stands. */
export interface MemberSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

const blank = /[ \t\r\n]*/y;
const stringToken = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const bareToken = /[^\s,\]}]+/y;
const bracketToken = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs;

/**
 * Where the elements of a JSON array stand, so that their source text, digits and spaces included, can be kept.
 * The text must be known to be a JSON array.
 */
export function elementSpans(text: string): readonly Span[] {
  const spans: Span[] = [];
  let at = after(blank, text, text.indexOf('[') + 1);
  while (text[at] !== ']' && at < text.length) {
    const end = valueEnd(text, at);
    spans.push({ start: at, end });
    at = nextMember(text, end);
  }
  return spans;
}

/** Where the values of a JSON object's members stand, in the order of the text. The text must be known to be one. */
export function memberSpans(text: string): readonly MemberSpan[] {
  const spans: MemberSpan[] = [];
  let at = after(blank, text, text.indexOf('{') + 1);
  while (text[at] !== '}' && at < text.length) {
    const nameEnd = valueEnd(text, at);
    const start = after(blank, text, after(blank, text, nameEnd) + 1);
    const end = valueEnd(text, start);
    spans.push({ name: JSON.parse(text.slice(at, nameEnd)) as string, start, end });
    at = nextMember(text, end);
  }
  return spans;
}

function nextMember(text: string, end: number): number {
  const at = after(blank, text, end);
  return text[at] === ',' ? after(blank, text, at + 1) : at;
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return after(stringToken, text, start);
  if (first !== '{' && first !== '[') return after(bareToken, text, start);
  let depth = 0;
  bracketToken.lastIndex = start;
  for (let match = bracketToken.exec(text); match !== null; match = bracketToken.exec(text)) {
    const [token] = match;
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (depth === 0) return match.index + token.length;
  }
  return text.length;
}

/** Where a sticky pattern that begins at `start` ends. */
function after(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  return match === null ? start : start + match[0].length;
}
