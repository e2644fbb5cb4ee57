import type { Clock } from '#domain/clock';

/** Where records go: a partition, or a topic of which not even the partitions are known. */
export interface Place {
  /** Equal for equal places. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number | null;
}

/** Records that were not written, all for one place. */
export interface Refused<R> {
  readonly place: Place;
  readonly records: readonly R[];
  readonly cause: string;
  /** Whether it is known to be of no use for now; otherwise they may be tried apart from the others at once. */
  readonly isTried: boolean;
}

export interface SetAsideDeps<R> {
  /** Tries them once, apart from all others; answers what was not written, of this place and of others. Must not reject. */
  readonly tryAgain: (place: Place, records: readonly R[]) => Promise<readonly Refused<R>[]>;
  /** Told of each record that is still here when the signal is aborted. */
  readonly giveUp: (record: R) => void;
  /** Told of each wait: once for each step of the back-off of a place. */
  readonly onWait: (place: Place, said: { records: number; waitMs: number; cause: string }) => void;
  readonly clock: Pick<Clock, 'wait'>;
  readonly signal: AbortSignal;
}

interface Lane<R> {
  waiting: R[];
}

export const firstWaitMs = 200;
const waitMsMax = 5_000;

/**
 * Keeps what cannot be written now out of the way of what can. Each place has a lane of its own, with one try under way and
 * a back-off from 200 ms to 5 s; what comes for it meanwhile joins it. A try may find other places for its records: then
 * they are set aside there, if they must be. A lane ends with the first try that its place does not refuse.
 * Nothing here bounds the records: who adds them does.
 */
export class SetAside<R> {
  private readonly lanes = new Map<string, Lane<R>>();

  constructor(private readonly deps: SetAsideDeps<R>) {}

  has({ id }: Place): boolean {
    return this.lanes.has(id);
  }

  add(refused: Refused<R>): void {
    const lane = this.lanes.get(refused.place.id);
    if (this.deps.signal.aborted) this.giveUp(refused.records);
    else if (lane !== undefined) lane.waiting.push(...refused.records);
    else void this.retry(refused);
  }

  private async retry(first: Refused<R>): Promise<void> {
    const { place } = first;
    const { clock, signal, onWait } = this.deps;
    const lane = { waiting: [...first.records] };
    this.lanes.set(place.id, lane);
    let refused: Refused<R> | undefined = first;
    let waitMs = first.isTried ? firstWaitMs : 0;
    while (refused !== undefined && !signal.aborted) {
      if (waitMs > 0) onWait(place, { records: lane.waiting.length, waitMs, cause: refused.cause });
      await clock.wait(waitMs, signal);
      if (!signal.aborted) refused = await this.tryOnce(place, lane);
      waitMs = nextWaitMs(waitMs);
    }
    this.lanes.delete(place.id);
    // What came during the last try; others for this place go their usual way again.
    if (signal.aborted) this.giveUp(lane.waiting);
    else if (lane.waiting.length > 0) await this.tryOnce(place, lane);
  }

  /** Answers what this place refused. */
  private async tryOnce(place: Place, lane: Lane<R>): Promise<Refused<R> | undefined> {
    const tried = lane.waiting;
    lane.waiting = [];
    const allRefused = await this.deps.tryAgain(place, tried);
    for (const refused of allRefused) this.add(refused);
    return allRefused.find(({ place: { id } }) => id === place.id);
  }

  private giveUp(records: readonly R[]): void {
    for (const record of records) this.deps.giveUp(record);
  }
}

/** The wait after this one, milliseconds. */
export function nextWaitMs(waitMs: number): number {
  return Math.min(Math.max(waitMs * 2, firstWaitMs), waitMsMax);
}
