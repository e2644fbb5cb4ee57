import type { OverdueCursor, OverdueDelivery, OverduePage } from '#audit/overdue';

/**
 * Goes through pages of rows, so many a round, and in the next round on from there; behind the last page it begins anew. So
 * whatever may not be asked for now hides nothing behind it for longer than it takes to go through all.
 */
export class PageCursor {
  private after: OverdueCursor | null = null;

  /** Throws what is thrown by `find` and `use`; the next round then begins with that page. */
  async go(
    pagesMax: number,
    find: (after: OverdueCursor | null) => Promise<OverduePage>,
    use: (found: readonly OverdueDelivery[]) => Promise<void>,
  ): Promise<void> {
    for (let pages = 0; pages < pagesMax; pages++) {
      const { deliveries, next } = await find(this.after);
      await use(deliveries);
      this.after = next;
      if (next === null) return;
    }
  }
}
