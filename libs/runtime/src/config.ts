import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '#domain/failure';

/** The environment a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Marks a variable whose value is never printed; it may also be given as `NAME_FILE`. */
export const secret = { secret: true } as const;

/**
 * Reads a schema's variables. Every fault is named in one Failure CONFIG_INVALID, a line for each variable: what is
 * wrong, and what the variable is. An empty variable counts as not set. Relations are checked by the schema itself.
 */
export function readConfig<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  const faults: string[] = [];
  const given = Object.keys(schema.shape).flatMap((name) => {
    const value = givenValue(name, isSecret(schema, name), environment, faults);
    return value === undefined ? [] : [[name, value] as const];
  });
  const values = Object.fromEntries(given);
  const parsed = schema.safeParse(values);
  if (parsed.success && faults.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  for (const { path, message, code } of issues) {
    const isMissing = code === 'invalid_type' && !Object.hasOwn(values, String(path[0]));
    faults.push(`${path.join('.') || 'relation'}: ${isMissing ? 'is not set' : message}${hintOf(schema, path)}`);
  }
  throw new Failure('CONFIG_INVALID', `The configuration is wrong:\n  ${faults.join('\n  ')}`, { retryable: false });
}

/** The configuration as it may be printed: secrets masked, passwords taken out of URLs. */
export function maskedConfig<S extends z.ZodObject>(schema: S, config: z.output<S>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(config).map(([name, value]) => {
    if (isSecret(schema, name)) return [name, value === undefined ? undefined : '[secret]'];
    return [name, typeof value === 'string' ? value.replace(/\/\/[^/@]*@/, '//[secret]@') : value];
  });
  return Object.fromEntries(entries);
}

function givenValue(
  name: string,
  isSecretOne: boolean,
  environment: Environment,
  faults: string[],
): string | undefined {
  const plain = environment[name];
  const file = isSecretOne ? environment[`${name}_FILE`] : undefined;
  if (plain !== undefined && plain !== '') return plain;
  // A prefix may be empty on purpose.
  if (plain === '' && name === 'TOPIC_PREFIX') return plain;
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function isSecret(schema: z.ZodObject, name: string): boolean {
  const field: unknown = schema.shape[name];
  return field instanceof z.ZodType && field.meta()?.['secret'] === true;
}

function hintOf(schema: z.ZodObject, path: readonly PropertyKey[]): string {
  const field: unknown = schema.shape[String(path[0])];
  const description = field instanceof z.ZodType ? field.description : undefined;
  return description === undefined ? '' : ` (${description})`;
}
