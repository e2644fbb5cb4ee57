/**
 * How soon a broker is asked again after it answered with records. A request costs the same for one record as for ten, and
 * so does all that follows of it (a transaction, a produce, a fetch of the next app): under steady load a short wait makes
 * few large batches of many small ones. A record that comes after a pause finds the request waiting, and pays nothing.
 */

/** What a request should bring. */
export interface Gathering {
  /** Records an answer should hold; what comes faster is never waited for. */
  readonly records: number;
  /** The most that is waited for them, in milliseconds. */
  readonly msMax: number;
}

/** What two answers of one broker tell. */
export interface LastAnswer {
  readonly records: number;
  /** Since the answer before, in milliseconds. */
  readonly sinceMs: number;
}

/** Milliseconds to wait before the next request. */
export function gatherMs({ records, sinceMs }: LastAnswer, gathering: Gathering): number {
  if (records === 0) return 0;
  return Math.min(gathering.msMax, (gathering.records * sinceMs) / records);
}

/** The pace of a consumer, for each of its brokers. */
export class FetchPace {
  private readonly answers = new Map<string, { readonly atMs: number; readonly waitMs: number }>();

  constructor(private readonly gathering: Gathering) {}

  /** A broker answered. */
  note(nodeId: string, records: number, nowMs: number): void {
    const before = this.answers.get(nodeId);
    const sinceMs = before === undefined ? Number.POSITIVE_INFINITY : nowMs - before.atMs;
    this.answers.set(nodeId, { atMs: nowMs, waitMs: gatherMs({ records, sinceMs }, this.gathering) });
  }

  /** Milliseconds from now until a broker is to be asked; less than one is none. */
  waitMs(nodeId: string, nowMs: number): number {
    const last = this.answers.get(nodeId);
    if (last === undefined) return 0;
    const left = last.atMs + last.waitMs - nowMs;
    return left < 1 ? 0 : left;
  }
}
