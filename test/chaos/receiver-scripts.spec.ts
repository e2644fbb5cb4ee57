import { describe, expect, it } from 'vitest';
import type { Script } from './chaos-settings.js';
import { answerOf, canaryPath } from './receiver-scripts.js';

const chances = Array.from({ length: 1_000 }, (_, i) => i / 1_000);

function shareOf(script: Script, isSo: (answer: ReturnType<typeof answerOf>) => boolean): number {
  return (
    chances.filter((chance) => isSo(answerOf(script, { chance, other: chance, nowMs: 0 }))).length / chances.length
  );
}

describe('a scripted receiver', () => {
  it.each([
    ['ok', 0],
    ['slow', 0],
    ['flaky', 0.3],
    ['unavailable', 0.5],
    ['reset', 0.5],
    ['hang', 0.4],
  ] as const)('that is %s fails %d of its requests', (script, share) => {
    const fails = (answer: ReturnType<typeof answerOf>) => answer.kind !== 'answer' || answer.status >= 300;
    expect(shareOf(script, fails)).toBeCloseTo(share, 2);
  });

  it('asks for time with its 503 and leads some astray', () => {
    const busy = answerOf('unavailable', { chance: 0, other: 0, nowMs: 0 });
    expect(busy).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect(
      shareOf('flaky', (answer) => answer.kind === 'answer' && answer.headers['location'] === canaryPath),
    ).toBeGreaterThan(0);
  });

  it('answers within the deadline unless it hangs', () => {
    for (const script of ['ok', 'slow', 'flaky', 'unavailable', 'reset'] as const)
      for (const chance of chances) {
        const answer = answerOf(script, { chance, other: chance, nowMs: 0 });
        expect(answer.kind === 'hang' ? Number.POSITIVE_INFINITY : answer.afterMs).toBeLessThanOrEqual(1_400);
      }
  });

  it('that flaps is down for eight of twenty seconds, and a dead one never gets well', () => {
    const statusAt = (script: Script, nowMs: number) => {
      const answer = answerOf(script, { chance: 0.5, other: 0.5, nowMs });
      return answer.kind === 'answer' ? answer.status : null;
    };
    expect([0, 7_999, 8_000, 19_999, 20_000].map((nowMs) => statusAt('flapping', nowMs))).toEqual([
      500, 500, 200, 200, 500,
    ]);
    expect(statusAt('dead', 10_000)).toBe(500);
  });
});
