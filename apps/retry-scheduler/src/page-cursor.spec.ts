import { describe, expect, it } from 'vitest';
import type { OverdueCursor, OverdueDelivery } from '#audit/overdue';
import { PageCursor } from './page-cursor.js';

/** So many pages; each has one delivery that says which it is. */
function pages(count: number) {
  const seen: number[] = [];
  let failsAt: number | null = null;
  const find = async (after: OverdueCursor | null) => {
    const page = after === null ? 0 : Number(after.id);
    if (page === failsAt) throw new Error('the store is away');
    return {
      deliveries: [{ dueMs: page } as OverdueDelivery],
      next: page + 1 < count ? { nextAttemptAt: 'then', id: String(page + 1) } : null,
    };
  };
  const use = async (found: readonly OverdueDelivery[]) => void seen.push(...found.map(({ dueMs }) => dueMs));
  const cursor = new PageCursor();
  const fail = (page: number | null) => {
    failsAt = page;
  };
  return { seen, fail, round: (pagesMax: number) => cursor.go(pagesMax, find, use) };
}

describe('PageCursor', () => {
  it('looks at all of a few pages in each round', async () => {
    const { seen, round } = pages(2);
    await round(10);
    await round(10);
    expect(seen).toEqual([0, 1, 0, 1]);
  });

  it('goes on where the last round ended, and begins anew behind the end', async () => {
    const { seen, round } = pages(5);
    for (let n = 0; n < 4; n++) await round(2);
    expect(seen).toEqual([0, 1, 2, 3, 4, 0, 1]);
  });

  it('begins with the page that failed', async () => {
    const { seen, fail, round } = pages(3);
    fail(1);
    await expect(round(3)).rejects.toThrow('the store is away');
    fail(null);
    await round(1);
    expect(seen).toEqual([0, 1]);
  });
});
