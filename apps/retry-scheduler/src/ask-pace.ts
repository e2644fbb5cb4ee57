import type { ConsumerProgress } from '#audit/progress';

/** What the consumers of `deliveries` and of the tiers said last. */
export interface ReadProgress {
  readonly deliveries: readonly ConsumerProgress[];
  readonly tiers: readonly ConsumerProgress[];
  /** Partitions of all tiers together: one that has said nothing yet may still hold any record. */
  readonly tierPartitions: number;
}

/** What one round may ask for. */
export interface AskRound {
  /** Nothing due at or after this may be asked for, milliseconds since the epoch; null: nothing at all. */
  readonly dueBeforeMs: number | null;
  /** Whether a delivery of this partition, due then, may be asked for; counts it when it may. */
  take(partition: number, dueMs: number): boolean;
}

/** A partition whose reader is behind by more than this is not asked for anything: it would only add to its heap. */
const behindMsMax = 5_000;
/** Asked and not read yet, of one partition: a lost reader must not find a heap. */
const unreadMax = 500;

/**
 * Decides what the sweep may ask for: only what its partition and every tier have surely read past, and only while the
 * partition is read within 5 s and has read what it was asked before.
 */
export class AskPace {
  private readonly askedMs = new Map<number, number>();

  constructor(
    /** How long after its due time a row is left alone, milliseconds. */
    private readonly graceMs: number,
  ) {}

  /** @param nowMs milliseconds since the epoch. */
  round({ deliveries, tiers, tierPartitions }: ReadProgress, nowMs: number): AskRound {
    const tiersReadMs = tiers.length < tierPartitions ? 0 : Math.min(nowMs, ...tiers.map(({ readToMs }) => readToMs));
    const readMs = new Map(
      deliveries.flatMap(({ partition, readToMs }) =>
        readToMs >= nowMs - behindMsMax && readToMs > (this.askedMs.get(partition) ?? 0)
          ? [[partition, Math.min(readToMs, tiersReadMs)] as const]
          : [],
      ),
    );
    const taken = new Map<number, number>();
    return {
      dueBeforeMs: readMs.size === 0 ? null : Math.max(...readMs.values()) - this.graceMs,
      take: (partition, dueMs) => {
        const asked = taken.get(partition) ?? 0;
        if (dueMs + this.graceMs >= (readMs.get(partition) ?? 0) || asked >= unreadMax) return false;
        taken.set(partition, asked + 1);
        this.askedMs.set(partition, nowMs);
        return true;
      },
    };
  }
}
