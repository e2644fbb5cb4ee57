import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '#domain/failure';

/** The environment a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Marks a variable whose value is never printed; it may also be given as `NAME_FILE`. */
export const secret = { secret: true } as const;

/** A secret that may be renewed while the process runs: call it where it is used, each time. */
export type SecretSource = () => string;

/** Marks a secret whose file is read again when a connection is made; its schema makes a SecretSource. */
export const renewedSecret = { secret: true, renewed: true } as const;

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
  if (parsed.success && faults.length === 0) return withRenewedSecrets(schema, parsed.data, environment);
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
  const file = isSecretOne ? fileOf(name, environment) : undefined;
  if (plain !== undefined && plain !== '') {
    if (file !== undefined) faults.push(`${name}: ${name} and ${name}_FILE are both set: unset one of them`);
    return plain;
  }
  // A prefix may be empty on purpose.
  if (plain === '' && name === 'TOPIC_PREFIX') return plain;
  if (file === undefined) return undefined;
  try {
    return readSecret(file);
  } catch (error) {
    faults.push(`${name}_FILE: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function fileOf(name: string, environment: Environment): string | undefined {
  const file = environment[`${name}_FILE`];
  return file === '' ? undefined : file;
}

function readSecret(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Puts a source that reads its file in the place of each secret that came from a file and may be renewed. */
function withRenewedSecrets<S extends z.ZodObject>(
  schema: S,
  config: z.output<S>,
  environment: Environment,
): z.output<S> {
  const renewed = Object.entries(config).flatMap(([name, value]) => {
    const field: unknown = schema.shape[name];
    const file = fileOf(name, environment);
    if (!(field instanceof z.ZodType) || field.meta()?.['renewed'] !== true || file === undefined) return [];
    return typeof value === 'function' ? [[name, fileSource(file, field, value as SecretSource)] as const] : [];
  });
  return { ...config, ...Object.fromEntries(renewed) };
}

/** While the file is away, or holds what the schema refuses (half a file), the last good value stays. */
function fileSource(file: string, field: z.ZodType, first: SecretSource): SecretSource {
  let last = first();
  return () => {
    const source = field.safeParse(readIfThere(file)).data;
    if (typeof source === 'function') last = (source as SecretSource)();
    return last;
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readSecret(file);
  } catch {
    return undefined; // the file is being replaced
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
