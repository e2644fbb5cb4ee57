import type { SyntaxNode } from 'nunjucks/src/parser.js';
import { JsonNumber, type JsonValue } from '#domain/json-value';
import { placeOf } from './parse-template.js';
import { TemplateError } from './template-error.js';
import { type Found, isList } from './template-run.js';

/** What an expression gives for an event. */
export type Expression = (event: JsonValue) => Found;

/** The only name a template knows. */
const rootName = 'event';
const depthMax = 64;
const hint = 'write a path from event: {{ event.data.items[0].name }}';

/**
 * Compiles a path expression to a closure. A function is never a value, and only own fields are found: `constructor`,
 * `__proto__` and the like lead nowhere unless the event has such a field. Other expressions are refused.
 */
export function compilePath(node: SyntaxNode, depth = 0): Expression {
  if (depth > depthMax)
    throw new TemplateError('TEMPLATE_TOO_DEEP', `a path has over ${depthMax} steps`, placeOf(node));
  switch (node.typename) {
    case 'Symbol':
      if (node.value === rootName) return (event) => event;
      throw new TemplateError('TEMPLATE_NAME', `unknown name ${shown(node.value)}`, placeOf(node), hint);
    case 'LookupVal': {
      const field = fieldOf(node);
      const target = compilePath(node.target ?? node, depth + 1);
      return (event) => lookUp(target(event), field);
    }
    default:
      throw new TemplateError('TEMPLATE_FORBIDDEN', `${node.typename} is not there yet`, placeOf(node), hint);
  }
}

function fieldOf({ val, ...node }: SyntaxNode): string | number {
  const value = val?.typename === 'Literal' ? val.value : undefined;
  if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value) && value >= 0)) return value;
  throw new TemplateError('TEMPLATE_FORBIDDEN', 'a step must be a name or a whole number', placeOf(node), hint);
}

function lookUp(target: Found, field: string | number): Found {
  if (target === undefined || target === null || typeof target !== 'object' || target instanceof JsonNumber)
    return undefined;
  if (isList(target)) return typeof field === 'number' ? target[field] : undefined;
  return Object.hasOwn(target, field) ? target[String(field)] : undefined;
}

function shown(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 40));
}
