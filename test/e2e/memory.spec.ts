import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const eventCount = 120;
const templateCount = 10;
const dataBytes = 400_000;
/** Generous: how late garbage is collected depends on the machine. */
const residentMbMax = 500;

describe('a backlog of large events that many templates match', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer']);
    const [secret, eventTypes] = [aSecret(), ['big']];
    const endpoints = Array.from({ length: templateCount }, (_, i) => ({ id: `e${i}`, path: `/e${i}` }));
    await wire(
      stack,
      endpoints.map(({ id, path }) => ({ id, url: receiver.on(path, secret), secret, eventTypes })),
    );
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('is rendered within the memory of a small pod', async () => {
    const pad = 'x'.repeat(dataBytes);
    await stack.produce(Array.from({ length: eventCount }, () => anEvent({ type: 'big', data: { pad } })));
    const isRendered = async () => {
      const [row] = await stack.database.query<{ n: string }>('SELECT count(*) AS n FROM notification_payloads');
      return Number(row?.n) === eventCount * templateCount;
    };
    await until(isRendered, { what: 'every payload', limitMs: 150_000 });
    expect(peakResidentMb(stack.app('renderer').pid)).toBeLessThan(residentMbMax);
  });
});

/** The most memory a process ever held at once (proc(5), VmHWM). */
function peakResidentMb(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
