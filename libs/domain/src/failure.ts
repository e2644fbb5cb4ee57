/** Codes of what may be thrown across a library's edge. Expected ends are values, never thrown. */
export type FailureCode =
  | 'UNDECODABLE_RECORD'
  | 'TEMPLATE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'STORE_REFUSED'
  | 'BROKER_UNAVAILABLE'
  | 'CONFIG_INVALID'
  | 'SECRET_UNREADABLE';

/**
 * The one error class. `retryable` says what becomes of a record: true keeps its offset open and tries again, false
 * sends it to the dead letters. Only the partition engine asks.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly options: { readonly retryable: boolean; readonly cause?: unknown; readonly detail?: string },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }

  get retryable(): boolean {
    return this.options.retryable;
  }
}
