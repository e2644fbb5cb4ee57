import { pino, stdTimeFunctions } from 'pino';
import { loggableFields } from './logged-error.js';

/** One JSON line per unit of work; of an event that made notifications, whose rows say the same, at `debug` alone. `error` means that someone must act. Never a body, never a secret. */
export interface Log {
  /** Fields that are costly to make may be a function, which is called only where they are said. */
  debug(event: string, fields?: object | (() => object)): void;
  info(event: string, fields?: object): void;
  warn(event: string, fields?: object): void;
  error(event: string, fields?: object): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines go; standard output when absent. */
export interface LogSink {
  write(line: string): void;
}

/** A log whose lines carry the app's name, the time (ISO 8601) and the event's name `noun.verbPast`. */
export function createLog(options: { readonly app: string; readonly level: LogLevel; readonly sink?: LogSink }): Log {
  const settings = {
    level: options.level,
    base: { app: options.app },
    messageKey: 'event',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: loggableFields },
    // pino's own would take what `loggableFields` made for an error once more.
    serializers: { err: (made: unknown) => made },
  };
  if (options.sink === undefined) standardOutput ??= gatheredOutput();
  const logger = pino(settings, options.sink ?? standardOutput ?? undefined);
  return {
    debug: (event, fields = {}) => {
      if (logger.isLevelEnabled('debug')) logger.debug(typeof fields === 'function' ? fields() : fields, event);
    },
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}

const gatheredCharsMax = 65_536;
const gatheredMs = 250;

/** One for all logs of a process. */
let standardOutput: LogSink | null = null;

/**
 * Standard output, in few writes: each is a round through a thread of libuv, which costs more than making the line. What
 * is gathered is written when the process exits; one that is killed takes its last quarter of a second with it.
 */
function gatheredOutput(): LogSink {
  const output = pino.destination({ dest: 1, sync: false });
  let gathered = '';
  let timer: NodeJS.Timeout | null = null;
  const pass = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered !== '') output.write(gathered);
    gathered = '';
  };
  // Before pino's own listeners, which end the output.
  process.prependOnceListener('beforeExit', pass);
  process.prependOnceListener('exit', () => {
    pass();
    output.flushSync();
  });
  return {
    write: (line) => {
      gathered += line;
      if (gathered.length > gatheredCharsMax) pass();
      else timer ??= setTimeout(pass, gatheredMs).unref();
    },
  };
}
