import type { Log } from '#telemetry/log';

/** Nest's own lines in our log; what it says of its start is debug. */
export class NestLog {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.target.debug('nest.said', { said: String(message), context: rest.at(-1) });
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.target.warn('nest.warned', { said: String(message), context: rest.at(-1) });
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.target.error('nest.failed', { said: String(message), details: rest.map(String) });
  }

  debug(message: unknown): void {
    this.target.debug('nest.said', { said: String(message) });
  }

  verbose(message: unknown): void {
    this.debug(message);
  }
}
