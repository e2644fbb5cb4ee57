import { describe, expect, it } from 'vitest';
import type { OffsetRange } from '#domain/offset-ranges';
import { OldPages } from './check-events-read.js';

const million = 1_048_576n;
const at = { topic: 'events', partition: 0 };

describe('where a round looks', () => {
  it('is at everything, while that is little', () => {
    expect(new OldPages().windows(at, 5n, 1_000n)).toEqual([{ from: 5n, to: 1_000n }]);
    expect(new OldPages().windows(at, 5n, 5n)).toEqual([]);
  });

  it('is at the oldest and the newest each time, and in turn at all between', () => {
    const pages = new OldPages();
    const [low, committed] = [100n, 100n + 10n * million];
    const covered: OffsetRange[] = [];
    for (let round = 0; round < 8; round++) {
      const windows = pages.windows(at, low, committed);
      expect(windows[0]?.from).toBe(low);
      expect(windows.at(-1)?.to).toBe(committed);
      expect(windows.reduce((sum, { from, to }) => sum + to - from, 0n)).toBe(3n * million);
      covered.push(...windows);
    }
    for (let n = 0n; n < 10n; n++)
      expect(covered.some(({ from, to }) => from <= low + n * million && to >= low + (n + 1n) * million)).toBe(true);
    expect(pages.windows(at, low, committed)[0]?.to).toBe(low + 2n * million);
  });
});
