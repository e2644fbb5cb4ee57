const rowsMax = 500;

/** Gathers while statements are under way, as the product does: a batch is what came during the one before it. */
export class BareBatches<T> {
  private waiting: T[] = [];
  private flushes = 0;
  private isScheduled = false;

  constructor(
    private readonly flush: (batch: readonly T[]) => Promise<void>,
    private readonly done: (batch: readonly T[]) => void,
    private readonly failed: (error: unknown) => void,
    private readonly flushesMax = 2,
  ) {}

  add(items: readonly T[]): void {
    for (const item of items) this.waiting.push(item);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.start();
    });
  }

  private start(): void {
    while (this.flushes < this.flushesMax && this.waiting.length > 0) {
      const batch = this.waiting.slice(0, rowsMax);
      this.waiting = this.waiting.slice(rowsMax);
      this.flushes++;
      this.flush(batch)
        .then(() => this.done(batch), this.failed)
        .finally(() => {
          this.flushes--;
          this.start();
        });
    }
  }
}
