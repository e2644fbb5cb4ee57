import { parse as parseLossless } from 'lossless-json';
import { JsonNumber, type JsonValue } from '#domain/json-value';

/** Deepest nesting of a value, so that nothing that walks it can run out of stack. */
export const jsonDepthMax = 128;

/** A JSON text's value, or why it has none. */
export type ParsedJson =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'fault'; readonly detail: string };

/** Strings (so that numbers inside them are passed over), numbers and brackets; linear, for the branches exclude each other. */
const tokenPattern = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[[\]{}]/gs;

/**
 * Parses JSON (RFC 8259) without losing digits: a number whose text a double would not give back (`1.10`, 23 digits)
 * becomes a `JsonNumber`. Texts without such numbers, nearly all, go through `JSON.parse`.
 */
export function parseJsonText(text: string): ParsedJson {
  const survey = surveyTokens(text);
  if (survey.depth > jsonDepthMax) return { kind: 'fault', detail: `nested deeper than ${jsonDepthMax}` };
  try {
    const plain: JsonValue = JSON.parse(text);
    return { kind: 'value', value: survey.exact ? plain : parseExact(text) };
  } catch (error) {
    return { kind: 'fault', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** The value of an object's own field, when the value is an object that has it. */
export function ownField(value: JsonValue, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function isJsonObject(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof JsonNumber);
}

function parseExact(text: string): JsonValue {
  const numbers = (source: string) => (String(Number(source)) === source ? Number(source) : new JsonNumber(source));
  return parseLossless(text, null, { parseNumber: numbers, onDuplicateKey: ({ newValue }) => newValue }) as JsonValue;
}

/** Whether every number prints back as it came, and how deep the brackets go. */
function surveyTokens(text: string): { readonly exact: boolean; readonly depth: number } {
  let exact = true;
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(tokenPattern)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    else if (token === '}' || token === ']') depth--;
    else if (exact && token[0] !== '"') exact = String(Number(token)) === token;
  }
  return { exact, depth: deepest };
}
