/** An error as a log line holds it. */
export interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** Where it was thrown, without its message. */
  readonly stack?: string;
  /** What caused it, outermost first, at most three. */
  readonly causes?: readonly Omit<LoggedError, 'stack' | 'causes'>[];
}

const messageCharsMax = 500;
const codeCharsMax = 100;
const stackCharsMax = 4_000;
const causesMax = 3;
/** Levels of a line's fields in which errors are looked for. */
const fieldsDepthMax = 6;
/** Whatever stands under these names, however deep, is masked. */
const secretNames: ReadonlySet<string> = new Set(['password', 'secret', 'authorization']);

/**
 * Only what is listed here: errors of databases and drivers carry the query, its parameters (bodies, secrets) and the
 * row it failed on as fields of their own, and those of our own carry such errors.
 */
export function loggedError(error: Error): LoggedError {
  const causes = causesOf(error);
  return { ...outlineOf(error), stack: framesOf(error), ...(causes.length > 0 ? { causes } : {}) };
}

/** A line's fields with every error in them, in lists and objects too, as `loggedError` shows it; secrets are masked. */
export function loggableFields(fields: object): Record<string, unknown> {
  return loggableObject(fields, 0);
}

/** Most lines hold texts and numbers alone, and are logged as they are. */
function loggableObject(fields: object, depth: number): Record<string, unknown> {
  if (isLoggable(fields)) return fields;
  const loggable: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    loggable[name] = secretNames.has(name) ? '[secret]' : withoutErrors(value, depth + 1);
  return loggable;
}

function isLoggable(fields: object): fields is Record<string, unknown> {
  for (const name in fields) {
    const value: unknown = fields[name as keyof typeof fields];
    if ((typeof value === 'object' && value !== null) || secretNames.has(name)) return false;
  }
  return true;
}

function withoutErrors(value: unknown, depth: number): unknown {
  if (value instanceof Error) return loggedError(value);
  const isList = Array.isArray(value);
  if (!isList && !isPlainObject(value)) return value;
  if (depth >= fieldsDepthMax) return '[deep]';
  if (isList) return value.map((one) => withoutErrors(one, depth + 1));
  return loggableObject(value, depth);
}

function isPlainObject(value: unknown): value is object {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function outlineOf(error: Error): Omit<LoggedError, 'stack' | 'causes'> {
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? String(error.code) : undefined;
  return {
    type: error.constructor.name,
    ...(code === undefined ? {} : { code: code.slice(0, codeCharsMax) }),
    message: error.message.slice(0, messageCharsMax),
  };
}

function causesOf(error: Error): readonly Omit<LoggedError, 'stack' | 'causes'>[] {
  const causes: Omit<LoggedError, 'stack' | 'causes'>[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < causesMax; cause = cause.cause)
    causes.push(outlineOf(cause));
  return causes;
}

/** A stack begins with the message, which may have lines that look like frames. */
function framesOf({ stack = '', message }: Error): string {
  const at = stack.indexOf(message);
  const lines = stack.slice(at < 0 ? 0 : at + message.length).split('\n');
  return lines
    .filter((line) => line.startsWith('    at '))
    .join('\n')
    .slice(0, stackCharsMax);
}
