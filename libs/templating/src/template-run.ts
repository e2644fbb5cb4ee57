import { JsonNumber, type JsonValue } from '#domain/json-value';
import { type SourcePlace, TemplateError } from './template-error.js';

/** A value a path led to; undefined when there is none. */
export type Found = JsonValue | undefined;

/** Steps of one rendering: each value printed is one. */
const stepsMax = 50_000;
const valueCharsMax = 262_144;
const outputCharsMax = 524_288;
const valueDepthMax = 64;

/** One rendering: its output so far and what is left of its budgets. The same event always takes the same steps. */
export class TemplateRun {
  private readonly parts: string[] = [];
  private chars = 0;
  private steps = 0;

  constructor(readonly event: JsonValue) {}

  emit(text: string, place: SourcePlace): void {
    this.chars += text.length;
    if (this.chars > outputCharsMax)
      throw new TemplateError(
        'TEMPLATE_BUDGET_OUTPUT',
        `the output is longer than ${outputCharsMax} characters`,
        place,
      );
    this.parts.push(text);
  }

  output(): string {
    return this.parts.join('');
  }

  /** The JSON text of a value; a number as its source wrote it, a missing value as `null`. */
  json(value: Found, place: SourcePlace): string {
    return this.within(this.jsonAt(value, place, 0), place);
  }

  /** A value as plain text: nothing for a missing one, JSON for objects and arrays. */
  text(value: Found, place: SourcePlace): string {
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return this.within(value, place);
    return this.json(value, place);
  }

  private jsonAt(value: Found, place: SourcePlace, depth: number): string {
    if (++this.steps > stepsMax) throw new TemplateError('TEMPLATE_BUDGET_STEPS', `more than ${stepsMax} steps`, place);
    if (depth > valueDepthMax)
      throw new TemplateError('TEMPLATE_BUDGET_VALUE', `a value is nested deeper than ${valueDepthMax}`, place);
    if (value === undefined || value === null) return 'null';
    if (value instanceof JsonNumber) return value.source;
    if (typeof value !== 'object') return JSON.stringify(value);
    if (isList(value)) return `[${value.map((item) => this.jsonAt(item, place, depth + 1)).join(',')}]`;
    const fields = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}:${this.jsonAt(item, place, depth + 1)}`,
    );
    return `{${fields.join(',')}}`;
  }

  private within(text: string, place: SourcePlace): string {
    if (text.length <= valueCharsMax) return text;
    throw new TemplateError('TEMPLATE_BUDGET_VALUE', `a value is longer than ${valueCharsMax} characters`, place);
  }
}

/** Whether a value is an array; `Array.isArray` does not narrow a readonly one. */
export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
