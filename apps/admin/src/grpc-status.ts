import { Metadata, status } from '@grpc/grpc-js';
import { encodeErrorDetails, errorDetailsTrailer } from '#contracts/error-details';
import { Failure } from '#domain/failure';
import { sqlState } from '#postgres/store-failure';
import { type FieldFault, ResourceFault, type ResourceFaultKind } from '#registry/resource-fault';

/** An answer that is a refusal, in the shape grpc-js sends. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly details: string;
  readonly metadata = new Metadata();

  constructor(
    readonly code: status,
    message: string,
    readonly reason: string,
    fields: readonly FieldFault[] = [],
  ) {
    super(sendable(message));
    this.details = this.message;
    const clean = fields.map(({ field, said }) => ({ field: sendable(field), said: sendable(said) }));
    this.metadata.set(errorDetailsTrailer, encodeErrorDetails(code, this.message, { reason, fields: clean }));
  }
}

const messageCharsMax = 1_000;
const byKind: Readonly<Record<ResourceFaultKind, readonly [status, string]>> = {
  'not-found': [status.NOT_FOUND, 'RESOURCE_NOT_FOUND'],
  'already-exists': [status.ALREADY_EXISTS, 'RESOURCE_EXISTS'],
  invalid: [status.INVALID_ARGUMENT, 'INVALID_FIELD'],
  precondition: [status.FAILED_PRECONDITION, 'PRECONDITION'],
  etag: [status.ABORTED, 'ETAG_MISMATCH'],
  busy: [status.UNAVAILABLE, 'CHANGE_UNDER_WAY'],
};
/** Postgres ended the statement because it ran longer than this pool allows (PostgreSQL, appendix A). */
const statementTimeout = '57014';
/** Class 42: a statement of ours is wrong, or the schema is not the one it was written for. */
const wrongStatements = '42';

/** The canonical code of whatever was thrown; what is ours to repair says nothing of its inside. */
export function refusalOf(error: unknown): CallRefused {
  if (error instanceof CallRefused) return error;
  if (error instanceof ResourceFault) {
    const [code, reason] = byKind[error.kind];
    return new CallRefused(code, error.message, error.reason ?? reason, error.fields);
  }
  if (error instanceof Failure) return refusalOfFailure(error);
  return new CallRefused(status.INTERNAL, 'an error of ours; the log of the admin says more', 'INTERNAL');
}

function refusalOfFailure(failure: Failure): CallRefused {
  const state = sqlState(failure.options.cause);
  if (state === statementTimeout)
    return new CallRefused(
      status.DEADLINE_EXCEEDED,
      'the database took too long: narrow the question, e.g. by event_id, subject or endpoint, or try again',
      'STORE_TOO_SLOW',
    );
  if (failure.code === 'STORE_UNAVAILABLE' && !(state?.startsWith(wrongStatements) ?? false))
    return new CallRefused(status.UNAVAILABLE, 'the database cannot answer now; try again', failure.code);
  if (failure.code === 'BROKER_UNAVAILABLE')
    return failure.retryable
      ? new CallRefused(status.UNAVAILABLE, 'Kafka cannot answer now; try again', failure.code)
      : new CallRefused(status.INVALID_ARGUMENT, 'Kafka does not take a record of this size', failure.code);
  return new CallRefused(status.INTERNAL, 'an error of ours; the log of the admin says more', failure.code);
}

/** Trailers are short, and half a surrogate pair cannot be written into one. */
function sendable(text: string): string {
  const cut = text.length > messageCharsMax ? `${text.slice(0, messageCharsMax)}...` : text;
  return Buffer.from(cut, 'utf8').toString('utf8');
}
