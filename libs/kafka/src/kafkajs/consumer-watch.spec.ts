import { describe, expect, it } from 'vitest';
import { type ConsumerSigns, fetchSilenceMsMax, judgeConsumer } from './consumer-watch.js';

const patience = { heartbeatMs: 3_000, sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 60_000 };
const nowMs = 1_000_000;

function judged(signs: Partial<ConsumerSigns>): string {
  const all = { isReading: true, sinceMs: nowMs - 500_000, fetchedMs: nowMs, heartbeatMs: nowMs, ...signs };
  const state = judgeConsumer(all, patience, nowMs);
  return state.kind === 'lost' ? state.cause : state.kind;
}

describe('judgeConsumer', () => {
  it('is content with one that fetches and is heard by its coordinator', () => {
    expect(judged({})).toBe('well');
    expect(judged({ heartbeatMs: nowMs - patience.sessionTimeoutMs })).toBe('well');
  });

  it('takes one for lost that fetches nothing, though its heartbeats arrive', () => {
    expect(judged({ fetchedMs: nowMs - fetchSilenceMsMax - 1 })).toContain('fetched nothing for 30 s');
  });

  it('takes one for lost that sends no heartbeat for a session timeout, though it fetches', () => {
    expect(judged({ heartbeatMs: nowMs - patience.sessionTimeoutMs - 1 })).toContain('no heartbeat for 20 s');
  });

  it('says that the brokers are silent before it gives the consumer up', () => {
    expect(judged({ fetchedMs: nowMs - 7_000, heartbeatMs: nowMs - 7_000 })).toBe('silent');
  });

  it('counts from the join: what went before it proves nothing', () => {
    expect(judged({ sinceMs: nowMs - 100, fetchedMs: 0, heartbeatMs: 0 })).toBe('well');
  });

  it('waits for a group that is being formed as long as the slowest member may take', () => {
    const joining = (sinceMs: number) => judged({ isReading: false, fetchedMs: 0, heartbeatMs: 0, sinceMs });
    expect(joining(nowMs - patience.rebalanceTimeoutMs - 29_000)).toBe('well');
    expect(joining(nowMs - patience.rebalanceTimeoutMs - 31_000)).toContain('has not joined its group for 91 s');
  });
});
