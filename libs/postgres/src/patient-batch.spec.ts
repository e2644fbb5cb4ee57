import { describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { createLog } from '#telemetry/log';
import { patientBatch } from './patient-batch.js';

const deps = {
  clock: systemClock,
  log: createLog({ app: 'test', level: 'error' }),
  signal: new AbortController().signal,
};

describe('a batch', () => {
  it('on one item of which our own code fails does all the others', async () => {
    const statement = async (items: readonly string[]) => items.map((item) => new Date(item).toISOString());
    const days = ['2026-01-01', '2026-01-02', 'no day', '2026-01-04'];
    const outputs = await patientBatch(days, statement, deps);
    expect(outputs.map((output) => (output instanceof Failure ? output.code : output.slice(0, 10)))).toEqual([
      '2026-01-01',
      '2026-01-02',
      'STORE_REFUSED',
      '2026-01-04',
    ]);
  });
});
