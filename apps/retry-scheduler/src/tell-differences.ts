/**
 * Tells operators what differs, in the log and on their topic. A difference counts as told once Kafka has acknowledged it,
 * so whoever dies before that, or finds Kafka away, tells it again: it may be told twice, and is never left out. No round
 * waits for Kafka.
 */
import type { OpenDifference, UntoldDifference } from '#audit/book-differences';
import type { Log } from '#telemetry/log';

export interface TellDifferencesDeps {
  readonly untold: (rowsMax: number) => Promise<readonly UntoldDifference[]>;
  readonly markTold: (ids: readonly string[]) => Promise<void>;
  /** Answers whether it is written; must not reject. */
  readonly tell: (difference: OpenDifference) => Promise<boolean>;
  readonly log: Log;
}

/** Told in one round; more follow with the next. */
const toldMax = 100;
/** Remembered as said in the log; beyond that some are said again. */
const saidMax = 10_000;

/** What one process is telling. */
export class ToldDifferences {
  /** From the question to Kafka until Postgres knows that it was written. */
  private readonly underWay = new Set<string>();
  private readonly written: string[] = [];
  private readonly said = new Set<string>();

  /** Throws a Failure; the next round tells the same. */
  async tellNew({ untold, markTold, tell, log }: TellDifferencesDeps): Promise<void> {
    const done = [...this.written];
    await markTold(done);
    this.written.splice(0, done.length);
    for (const id of done) this.underWay.delete(id);
    for (const difference of await untold(toldMax)) {
      if (this.underWay.has(difference.id)) continue;
      this.underWay.add(difference.id);
      this.say(difference, log);
      if (difference.isEcho) this.written.push(difference.id);
      else void tell(difference).then((isWritten) => this.told(difference.id, isWritten));
    }
  }

  private told(id: string, isWritten: boolean): void {
    if (isWritten) this.written.push(id);
    else this.underWay.delete(id);
  }

  /** Once, however often Kafka is asked. */
  private say({ id, kind, offsets, notificationId, number, detail }: OpenDifference, log: Log): void {
    if (this.said.has(id)) return;
    if (this.said.size >= saidMax) this.said.clear();
    this.said.add(id);
    const place = offsets === null ? {} : { ...offsets, first: String(offsets.first), last: String(offsets.last) };
    log.error('books.mismatch', { kind, ...place, notificationId, number, detail });
  }
}
