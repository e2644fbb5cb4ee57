import { Failure } from '#domain/failure';

/** No claim is opened once the record is another owner's to read, or the drain has begun. */
export function refuseWhenGivenBack(signal: AbortSignal): void {
  if (signal.aborted) throw givenBack();
}

export function givenBack(): Failure {
  return new Failure('STORE_UNAVAILABLE', 'the record is given back', { retryable: true });
}
