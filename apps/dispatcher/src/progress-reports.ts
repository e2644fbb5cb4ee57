import type { ProgressReport } from '#audit/progress';
import type { LogReader } from '#kafka/log-reader';

/** Records begun since the last report that are much. */
const much = 200;

/** Says how far the partitions are read: regularly, and sooner after much reading, for whoever releases to them waits for it. */
export class ProgressReports {
  private toldAt = 0;
  /** One after another: a later one must never be overwritten by an earlier one. */
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly reader: Pick<LogReader, 'progress' | 'engine'>,
    private readonly report: (reports: readonly ProgressReport[]) => Promise<void>,
  ) {}

  /** Throws a Failure while Postgres is away; the next report says it all. */
  async tell(): Promise<void> {
    this.telling = this.telling.catch(() => undefined).then(() => this.tellNow());
    await this.telling;
  }

  async tellMuch(): Promise<void> {
    if (this.reader.engine.recordsBegun() - this.toldAt >= much) await this.tell();
  }

  private async tellNow(): Promise<void> {
    const begun = this.reader.engine.recordsBegun();
    await this.report(this.reader.progress());
    this.toldAt = begun;
  }
}
