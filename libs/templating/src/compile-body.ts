import { jsonFault } from '#domain/json-fault';
import type { JsonValue } from '#domain/json-value';
import { type BodyKind, bodyKindOf } from '#domain/webhook-template';
import { compilePath } from './compile-path.js';
import { escapeForm, escapeJsonString, escapeXml } from './escaping.js';
import { JsonScanner } from './json-position.js';
import { parseTemplate, type TemplatePiece } from './parse-template.js';
import { type SourcePlace, TemplateError } from './template-error.js';
import { type Found, TemplateRun } from './template-run.js';

/** A template's body, ready to run. */
export interface CompiledBody {
  /** The body for one event. Throws TemplateError. */
  render(context: { readonly event: JsonValue }): string;
}

/** What decides how a body is written. */
export interface BodyOptions {
  readonly contentType: string;
  /** A missing path is an error. */
  readonly strict: boolean;
}

type Emit = (run: TemplateRun) => void;
type Sink = (run: TemplateRun, value: Found, place: SourcePlace) => void;

/**
 * Compiles a body to closures: nothing of it ever becomes JavaScript. How a value is escaped follows the content type
 * and the placeholder's position, both decided here, so that no value of an event can break the body's structure.
 * Throws TemplateError with code, line and column.
 */
export function compileBody(source: string, { contentType, strict }: BodyOptions): CompiledBody {
  const kind = bodyKindOf(contentType);
  if (kind === null)
    throw new TemplateError('TEMPLATE_FORBIDDEN', `no body can be written as ${contentType}`, { line: 1, column: 1 });
  const scanner = new JsonScanner();
  const emits = parseTemplate(source).map((piece) => compilePiece(piece, { kind, strict, scanner }));
  if (kind === 'json' && scanner.position() !== 'value')
    throw new TemplateError('TEMPLATE_POSITION', 'the template ends inside a JSON string', { line: 1, column: 1 });
  return {
    render: ({ event }) => {
      const run = new TemplateRun(event);
      for (const emit of emits) emit(run);
      const output = run.output();
      if (kind === 'json') checkJson(output);
      return output;
    },
  };
}

interface PieceOptions {
  readonly kind: BodyKind;
  readonly strict: boolean;
  readonly scanner: JsonScanner;
}

function compilePiece(piece: TemplatePiece, { kind, strict, scanner }: PieceOptions): Emit {
  const { place } = piece;
  if (piece.kind === 'text') {
    scanner.feed(piece.text);
    return (run) => run.emit(piece.text, place);
  }
  const expression = compilePath(piece.expression);
  const sink = sinkOf(kind, scanner, place);
  return (run) => {
    const value = expression(run.event);
    if (strict && value === undefined)
      throw new TemplateError('TEMPLATE_MISSING', 'the event has nothing at this path', place);
    sink(run, value, place);
  };
}

function sinkOf(kind: BodyKind, scanner: JsonScanner, place: SourcePlace): Sink {
  switch (kind) {
    case 'json':
      return jsonSink(scanner, place);
    case 'xml':
      return (run, value, at) => run.emit(escapeXml(run.text(value, at), at), at);
    case 'form':
      return (run, value, at) => run.emit(escapeForm(run.text(value, at)), at);
    case 'text':
      return (run, value, at) => run.emit(run.text(value, at), at);
  }
}

function jsonSink(scanner: JsonScanner, place: SourcePlace): Sink {
  const position = scanner.position();
  if (position === 'escape')
    throw new TemplateError('TEMPLATE_POSITION', 'a placeholder may not stand in an escape of a JSON string', place);
  if (position === 'value') return (run, value, at) => run.emit(run.json(value, at), at);
  return (run, value, at) => run.emit(escapeJsonString(run.text(value, at)), at);
}

/** Parsed once before it is stored: what no receiver could read is never sent. The error quotes nothing of the body. */
function checkJson(output: string): void {
  try {
    JSON.parse(output);
  } catch {
    throw new TemplateError('OUTPUT_NOT_JSON', `the rendered body is ${jsonFault(output)}`, { line: 1, column: 1 });
  }
}
