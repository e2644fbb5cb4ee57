import { jsonFaultAt } from '#domain/json-fault';
import { JsonScanner } from './json-position.js';
import { parseTemplate, type TemplatePiece } from './parse-template.js';
import { type SourcePlace, TemplateError } from './template-error.js';

/**
 * Renders a JSON body with empty texts: a placeholder in value position is `""`, which may be a value as well as a key.
 * What is not JSON then is wrong by its structure (a missing comma), which no event can mend. The body must compile.
 * Throws TemplateError OUTPUT_NOT_JSON with the place in the source.
 */
export function checkSample(source: string): void {
  const scanner = new JsonScanner();
  const pieces = parseTemplate(source);
  const printed = pieces.map((piece) => printedWithout(piece, scanner));
  const at = jsonFaultAt(printed.join(''));
  if (at === null) return;
  const place = sourcePlace(pieces, printed, at);
  const said =
    'the body would not be JSON, whatever the event: a value, comma, colon or bracket is missing or too much';
  throw new TemplateError('OUTPUT_NOT_JSON', said, place);
}

function printedWithout(piece: TemplatePiece, scanner: JsonScanner): string {
  if (piece.kind === 'placeholder') return scanner.position() === 'value' ? '""' : '';
  scanner.feed(piece.text);
  return piece.text;
}

/** Where in the source the character of the sample came from. */
function sourcePlace(pieces: readonly TemplatePiece[], printed: readonly string[], at: number): SourcePlace {
  let left = at;
  for (const [i, text] of printed.entries()) {
    const piece = pieces[i];
    const isLast = i === printed.length - 1;
    if (piece !== undefined && (left < text.length || isLast))
      return piece.kind === 'text' ? placeAfter(piece.place, text.slice(0, left)) : piece.place;
    left -= text.length;
  }
  return { line: 1, column: 1 };
}

function placeAfter({ line, column }: SourcePlace, text: string): SourcePlace {
  const [first = '', ...others] = text.split('\n');
  const last = others.at(-1);
  return last === undefined
    ? { line, column: column + first.length }
    : { line: line + others.length, column: last.length + 1 };
}
