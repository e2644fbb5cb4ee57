import { describe, expect, it } from 'vitest';
import { Failure } from '#domain/failure';
import type { OutgoingRecord } from '#domain/kafka-record';
import { createLog } from '#telemetry/log';
import { OperatorNotices } from './operator-notices.js';

const record: OutgoingRecord = { topic: 'operator-events', key: 'acme', value: Buffer.from('{}'), headers: {} };

function setup(isAway: boolean) {
  const sent: OutgoingRecord[] = [];
  const lines: string[] = [];
  let end = (): void => undefined;
  const written = new Promise<void>((resolve, reject) => {
    end = () => (isAway ? reject(new Failure('BROKER_UNAVAILABLE', 'away', { retryable: true })) : resolve());
  });
  const send = (one: OutgoingRecord) => {
    sent.push(one);
    return written;
  };
  const log = createLog({ app: 'test', level: 'warn', sink: { write: (line: string) => lines.push(line) } });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { notices: new OperatorNotices({ send }, log), sent, lines, settle, end: () => end() };
}

describe('what operators are told', () => {
  it('is left out beyond a thousand that are not written, and told again once those were', async () => {
    const { notices, sent, settle, end } = setup(false);
    for (let n = 0; n < 1_500; n++) notices.tell(record);
    expect(sent).toHaveLength(1_000);
    end();
    await settle();
    notices.tell(record);
    expect(sent).toHaveLength(1_001);
  });

  it('is said in the log when it cannot be told', async () => {
    const { notices, lines, settle, end } = setup(true);
    notices.tell(record);
    end();
    await settle();
    expect(lines.join()).toContain('operators.notTold');
  });
});
