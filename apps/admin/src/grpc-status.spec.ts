import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { decodeErrorDetails, errorDetailsTrailer } from '#contracts/error-details';
import { Failure } from '#domain/failure';
import { storeFailure } from '#postgres/store-failure';
import { ResourceFault } from '#registry/resource-fault';
import { type CallRefused, refusalOf } from './grpc-status.js';

describe('the status of a refused call', () => {
  it('is the canonical code of what was thrown', () => {
    const unavailable = storeFailure(new Error('connect ECONNREFUSED 10.1.2.3:5432'));
    const timeout = storeFailure(Object.assign(new Error('canceling statement'), { code: '57014' }));
    const refused = storeFailure(Object.assign(new Error('syntax error in SELECT x'), { code: '42601' }));
    const cases: readonly (readonly [unknown, status])[] = [
      [new ResourceFault('not-found', 'a'), status.NOT_FOUND],
      [new ResourceFault('already-exists', 'a'), status.ALREADY_EXISTS],
      [new ResourceFault('precondition', 'a'), status.FAILED_PRECONDITION],
      [new ResourceFault('etag', 'a'), status.ABORTED],
      [new ResourceFault('busy', 'a'), status.UNAVAILABLE],
      [ResourceFault.invalid([{ field: 'url', said: 'is wrong' }]), status.INVALID_ARGUMENT],
      [unavailable, status.UNAVAILABLE],
      [timeout, status.DEADLINE_EXCEEDED],
      [refused, status.INTERNAL],
      [new Failure('BROKER_UNAVAILABLE', 'a', { retryable: true }), status.UNAVAILABLE],
      [new Failure('SECRET_UNREADABLE', 'a', { retryable: false }), status.INTERNAL],
      [new TypeError('x is not a function'), status.INTERNAL],
      ['a text', status.INTERNAL],
    ];
    for (const [thrown, code] of cases) expect(refusalOf(thrown).code).toBe(code);
    for (const thrown of [unavailable, refused, new TypeError('x is not a function')])
      expect(refusalOf(thrown).details).not.toMatch(/10\.1\.2\.3|SELECT|not a function/);
  });

  it('names reason and fields for programs', () => {
    const fields = [
      { field: 'url', said: 'is not https' },
      { field: 'templates[3].body', said: `é ${'x'.repeat(200)}` },
    ];
    expect(detailsOf(refusalOf(ResourceFault.invalid(fields)))).toEqual({ reason: 'INVALID_FIELD', fields });
    const erased = new ResourceFault('precondition', 'not kept', { reason: 'PAYLOAD_ERASED' });
    expect(detailsOf(refusalOf(erased))).toEqual({ reason: 'PAYLOAD_ERASED', fields: [] });
  });

  it('stays small enough for every client, whatever is wrong', () => {
    const fields = Array.from({ length: 20_000 }, (_, i) => ({ field: `endpoints[${i}].url`, said: 'is not https' }));
    const refusal = refusalOf(ResourceFault.invalid(fields));
    expect(String(refusal.metadata.toHttp2Headers()[errorDetailsTrailer]).length).toBeLessThan(7_500);
    expect(detailsOf(refusal)?.fields.length).toBeGreaterThan(20);
    const half = refusalOf(new ResourceFault('not-found', 'half \ud800 a pair'));
    expect(() => encodeURI(half.details)).not.toThrow();
  });

  it('is not read from bytes that are cut short', () => {
    const [bytes] = refusalOf(new ResourceFault('not-found', 'a')).metadata.get(errorDetailsTrailer);
    if (!Buffer.isBuffer(bytes)) throw new Error('there is no trailer');
    expect(decodeErrorDetails(bytes.subarray(0, -1))).toBeNull();
  });
});

function detailsOf(refusal: CallRefused) {
  const [trailer] = refusal.metadata.get(errorDetailsTrailer);
  return Buffer.isBuffer(trailer) ? decodeErrorDetails(trailer) : null;
}
