import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#domain/clock';
import { loadInternal } from './client-internals.js';
import { encodeProduce, encodeProducesInOnePass, type ProduceArguments } from './produce-requests.js';

const encodeOfClient: (given: ProduceArguments) => {
  readonly encode: () => Promise<{ readonly buffer: Buffer }>;
} = loadInternal('kafkajs/src/protocol/requests/produce/v3/request');

const nowMs = 1_700_000_000_000;

const someBytes = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
);
const someMessage = fc.record(
  {
    key: someBytes,
    value: someBytes,
    // The client cannot send a header without a value.
    headers: fc.dictionary(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      someBytes.filter((bytes) => bytes !== null),
    ),
  },
  { requiredKeys: ['value'] },
);
const somePartition = fc.record({
  partition: fc.nat(50),
  messages: fc.array(someMessage, { minLength: 1, maxLength: 150, size: 'medium' }),
  firstSequence: fc.nat(9),
});
const someRequest: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(60_000),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ minLength: 1 }),
      partitions: fc.array(somePartition, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

describe('encodeProduce', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: nowMs }));
  afterEach(() => void vi.useRealTimers());

  it('makes the bytes that the client makes', async () => {
    await fc.assert(
      fc.asyncProperty(someRequest, async (request) => {
        const expected = (await encodeOfClient(request).encode()).buffer;
        expect(encodeProduce(request, nowMs).buffer.equals(expected)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('writes a header that has several values once for each', async () => {
    const headers = { a: ['1', '22'], b: Buffer.from('3') };
    const request = {
      ...{ acks: -1, timeout: 1_000, producerId: -1, producerEpoch: 0 },
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ key: 'k', value: 'v', headers }] }] }],
    };
    const expected = (await encodeOfClient({ ...request, producerId: undefined }).encode()).buffer;
    expect(encodeProduce(request, nowMs).buffer.equals(expected)).toBe(true);
  });
});

describe('encodeProducesInOnePass', () => {
  const plain = { topic: 't', partitions: [{ partition: 0, messages: [{ value: 'v' }] }] };
  const base: ProduceArguments = { acks: -1, timeout: 1_000, topicData: [plain] };
  const dated = { topic: 't', partitions: [{ partition: 0, messages: [{ value: 'v', timestamp: '17' }] }] };
  const isOurs = async (given: ProduceArguments) => {
    encodeProducesInOnePass(systemClock);
    const { protocol } = loadInternal('kafkajs/src/protocol/requests/produce');
    const encoded = await protocol({ version: 7 })(given).request.encode();
    return encoded.constructor === Object;
  };

  it('leaves to the client what the sink never sends', async () => {
    expect(await isOurs(base)).toBe(true);
    expect(await isOurs({ ...base, transactionalId: 'x' })).toBe(false);
    expect(await isOurs({ ...base, topicData: [plain, dated] })).toBe(false);
  });
});
