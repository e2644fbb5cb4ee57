import { describe, expect, it } from 'vitest';
import type { EndpointFailureCount, StoredFailing } from '#audit/failing-endpoints';
import type { AttemptOutcome, AttemptReport } from '#domain/attempt';
import type { EndpointKey, NotificationId } from '#domain/ids';
import { EndpointFailures } from './endpoint-failures.js';

const key = 'acme/orders' as EndpointKey;
const ids = ['n1', 'n2'] as unknown as readonly [NotificationId, NotificationId];
const good: AttemptOutcome = { kind: 'accepted' };
const bad: AttemptOutcome = { kind: 'failed', reason: 'HTTP_STATUS' };

function setup() {
  const stored: EndpointFailureCount[][] = [];
  const told: EndpointKey[] = [];
  const store = { isAway: false, failing: [] as { key: EndpointKey; sinceMs: number }[], ended: [] as StoredFailing[] };
  let nowMs = 0;
  const failures = new EndpointFailures({
    store: async (counts) => {
      if (store.isAway) throw new Error('away');
      stored.push([...counts]);
      return store.ended;
    },
    tellRecovered: ({ key: recovered }) => void told.push(recovered),
    load: async () => store.failing,
    clock: { nowMs: () => nowMs },
  });
  const note = (outcome: AttemptOutcome, id = ids[0], atMs = nowMs) => {
    nowMs = atMs;
    const report: AttemptReport = { outcome, durationMs: 1, responseBody: Buffer.alloc(0), responseBytes: 0 };
    failures.note(key, id, report);
  };
  return { failures, note, stored, store, told };
}

describe('the failures of endpoints', () => {
  it('are counted with their first and last, of how many notifications', async () => {
    const { failures, note, stored } = setup();
    note(bad, ids[0], 10);
    note(bad, ids[0], 20);
    note(bad, ids[1], 30);
    await failures.flush();
    expect(stored).toEqual([
      [{ key, isAnew: false, attempts: 3, firstFailedMs: 10, lastFailedMs: 30, notificationIds: [...ids] }],
    ]);
    await failures.flush();
    expect(stored).toHaveLength(1);
  });

  it('begin anew with a success, which is no news of an endpoint that did not fail', async () => {
    const { failures, note, stored, store } = setup();
    note(good);
    await failures.flush();
    expect(stored).toEqual([]);
    store.failing = [{ key, sinceMs: 5 }];
    await failures.flush();
    note(good);
    note(bad, ids[1], 50);
    await failures.flush();
    expect(stored).toEqual([
      [{ key, isAnew: true, attempts: 1, firstFailedMs: 50, lastFailedMs: 50, notificationIds: [ids[1]] }],
    ]);
  });

  it('that another process stored after a success was seen here are over, those that came since are not', async () => {
    const { failures, note, stored, store } = setup();
    note(good, ids[0], 10);
    note(bad, ids[0], 20);
    store.failing = [{ key, sinceMs: 5 }];
    await failures.flush();
    const since = { attempts: 1, firstFailedMs: 20, lastFailedMs: 20, notificationIds: [ids[0]] };
    expect(stored).toEqual([[{ key, isAnew: false, ...since }], [expect.objectContaining({ key, isAnew: true })]]);
    store.failing = [{ key, sinceMs: 20 }];
    await failures.flush();
    expect(stored).toHaveLength(2);
  });

  it('are told to be over where operators were warned', async () => {
    const { failures, note, store, told } = setup();
    const ended = { key, sinceMs: 1, lastFailedMs: 2, attempts: 3, notifications: 1, warnings: 0 };
    for (const warnings of [0, 1]) {
      store.failing = [{ key, sinceMs: 5 }];
      await failures.flush();
      store.ended = [{ ...ended, warnings }];
      note(good);
      await failures.flush();
    }
    expect(told).toEqual([key]);
  });

  it('are not what the endpoint did not do', async () => {
    const { failures, note, stored } = setup();
    note({ kind: 'failed', reason: 'DESTINATION_NOT_ALLOWED' });
    note({ kind: 'gone' });
    await failures.flush();
    expect(stored).toEqual([]);
  });

  it('are stored with the next round when the store was away', async () => {
    const { failures, note, stored, store } = setup();
    store.isAway = true;
    note(bad);
    await expect(failures.flush()).rejects.toThrow('away');
    store.isAway = false;
    await failures.flush();
    expect(stored).toHaveLength(1);
  });

  it('keep a success the store was away for, and add up what came before and after', async () => {
    const { failures, note, stored, store } = setup();
    store.isAway = true;
    note(bad, ids[0], 10);
    note(good);
    note(bad, ids[0], 20);
    await expect(failures.flush()).rejects.toThrow('away');
    note(bad, ids[1], 30);
    await expect(failures.flush()).rejects.toThrow('away');
    store.isAway = false;
    note(bad, ids[1], 40);
    await failures.flush();
    expect(stored).toEqual([
      [{ key, isAnew: true, attempts: 3, firstFailedMs: 20, lastFailedMs: 40, notificationIds: [...ids] }],
    ]);
  });

  it('of before a success are over, also when they could not be stored', async () => {
    const { failures, note, stored, store } = setup();
    store.isAway = true;
    note(bad, ids[0], 10);
    await expect(failures.flush()).rejects.toThrow('away');
    note(good);
    note(bad, ids[1], 30);
    store.isAway = false;
    await failures.flush();
    expect(stored).toEqual([
      [{ key, isAnew: true, attempts: 1, firstFailedMs: 30, lastFailedMs: 30, notificationIds: [ids[1]] }],
    ]);
  });
});
