import type { ConsumerProgress } from '#audit/progress';

/** What one round may produce to the partitions of `deliveries`. */
export interface PaceRound {
  /** Up to when each partition that may be produced to has been read, milliseconds since the epoch. */
  readonly readMs: ReadonlyMap<number, number>;
  /** How many more records a partition takes in this round. */
  room(partition: number): number;
  take(partition: number, records: number): void;
}

/** A partition whose reader is behind by more than this gets nothing: it would only add to its heap. */
export const behindMsMax = 5_000;
/** Produced and not read yet, of one partition: a lost reader must not find a heap. */
const unreadMax = 500;

/**
 * Paces what a duty produces to `deliveries`: to a partition only while it is read within 5 s, and only once it has begun
 * what it was given before. What has begun may last: a receiver that answers late holds up nothing for others.
 */
export class PartitionPace {
  private readonly givenMs = new Map<number, number>();

  /** @param nowMs milliseconds since the epoch */
  round(deliveries: readonly ConsumerProgress[], nowMs: number): PaceRound {
    const isRead = ({ partition, begunToMs }: ConsumerProgress) =>
      begunToMs >= nowMs - behindMsMax && begunToMs > (this.givenMs.get(partition) ?? 0);
    const readMs = new Map(deliveries.filter(isRead).map(({ partition, readToMs }) => [partition, readToMs]));
    const taken = new Map<number, number>();
    return {
      readMs,
      room: (partition) => (readMs.has(partition) ? unreadMax - (taken.get(partition) ?? 0) : 0),
      take: (partition, records) => {
        if (records === 0) return;
        taken.set(partition, (taken.get(partition) ?? 0) + records);
        this.wrote(partition, nowMs);
      },
    };
  }

  /** What was taken was written as late as then. @param nowMs milliseconds since the epoch */
  wrote(partition: number, nowMs: number): void {
    this.givenMs.set(partition, nowMs);
  }
}
