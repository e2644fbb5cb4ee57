import { parse as parseLossless } from 'lossless-json';
import { jsonFault } from '#domain/json-fault';
import { JsonNumber, type JsonValue } from '#domain/json-value';

/** Deepest nesting of a value, so that nothing that walks it can run out of stack. */
export const jsonDepthMax = 128;

/** A JSON text's value, or why it has none; the detail quotes nothing of the text. */
export type ParsedJson =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'fault'; readonly detail: string };

const quoteCode = 0x22;
const backslashCode = 0x5c;
const minusCode = 0x2d;
const zeroCode = 0x30;
const nineCode = 0x39;
const openCodes: readonly number[] = [0x5b, 0x7b];
const closeCodes: readonly number[] = [0x5d, 0x7d];
/** Every whole number of so many digits is a double. */
const exactDigits = 15;
/** Behind its first character, what a number may go on with. */
const numberRest = /[\d.eE+-]*/y;

/**
 * Parses JSON (RFC 8259) without losing digits: a number whose text a double would not give back (`1.10`, 23 digits)
 * becomes a `JsonNumber`. Texts without such numbers, nearly all, go through `JSON.parse` alone. Linear in the text's
 * length, whatever it holds; never throws.
 */
export function parseJsonText(text: string): ParsedJson {
  try {
    // First, for the survey takes for granted that strings end.
    const plain: JsonValue = JSON.parse(text);
    const survey = surveyTokens(text);
    if (survey.depth > jsonDepthMax) return { kind: 'fault', detail: `nested deeper than ${jsonDepthMax}` };
    return { kind: 'value', value: survey.exact ? plain : parseExact(text) };
  } catch {
    return { kind: 'fault', detail: jsonFault(text) };
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

/**
 * Whether every number prints back as it came, and how deep the brackets go, of a text that is JSON. By character codes:
 * each event pays for this.
 */
function surveyTokens(text: string): { readonly exact: boolean; readonly depth: number } {
  let exact = true;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) at = stringEnd(text, at + 1);
    else if (openCodes.includes(code)) deepest = Math.max(deepest, ++depth);
    else if (closeCodes.includes(code)) depth--;
    else if (code === minusCode || (code >= zeroCode && code <= nineCode)) {
      const end = numberEnd(text, at);
      if (exact) exact = isExact(text.slice(at, end));
      at = end - 1;
    }
  }
  return { exact, depth: deepest };
}

/** The quote that ends the string whose content begins here. Steps, because a pattern over a long string runs out of stack. */
function stringEnd(text: string, from: number): number {
  const quote = text.indexOf('"', from);
  if (text.charCodeAt(quote - 1) !== backslashCode) return quote;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) return at;
    if (code === backslashCode) at++;
  }
  return text.length;
}

function numberEnd(text: string, from: number): number {
  numberRest.lastIndex = from;
  numberRest.test(text);
  return numberRest.lastIndex;
}

function isExact(number: string): boolean {
  return (number.length <= exactDigits && /^[1-9]\d*$/.test(number)) || String(Number(number)) === number;
}
