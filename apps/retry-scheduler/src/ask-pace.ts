import type { ConsumerProgress } from '#audit/progress';
import type { EndpointKey } from '#domain/ids';
import { behindMsMax, PartitionPace } from './partition-pace.js';

/** Each further ask of the same row waits twice as long, up to this, in milliseconds. */
export const askWaitMsMax = 600_000;

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
  /** Whether one may be asked for; counts it when it may. */
  take(candidate: AskCandidate): boolean;
}

/** What may have to be asked for again. */
export interface AskCandidate {
  readonly partition: number;
  readonly endpoint: EndpointKey;
  /** Milliseconds since the epoch. */
  readonly dueMs: number;
  /**
   * It waits for its lane: asked for only where nothing else has been waiting for long, for its dispatcher knows of it, and
   * would hold it again. That one may be gone: of what has been due for `askWaitMsMax` one of each endpoint is asked for in a
   * round, and whoever holds it again knows of all others.
   */
  readonly isInLane?: boolean;
}

/** Of what a round asks of a partition no endpoint has more than the half: the others' must not wait for its backlog's end. */
const endpointMax = 250;

/** Decides what the sweep may ask for: only what its partition and every tier have surely read past, at the partition's pace. */
export class AskPace {
  private readonly pace = new PartitionPace();

  constructor(
    /** How long after its due time a row is left alone, milliseconds. */
    private readonly graceMs: number,
  ) {}

  /** @param nowMs milliseconds since the epoch. */
  round({ deliveries, tiers, tierPartitions }: ReadProgress, nowMs: number): AskRound {
    const tiersReadMs = tiers.length < tierPartitions ? 0 : Math.min(nowMs, ...tiers.map(({ readToMs }) => readToMs));
    const round = this.pace.round(deliveries, nowMs);
    const ofEndpoint = new Map<EndpointKey, number>();
    const inLane = new Set<EndpointKey>();
    const newestMs = Math.max(...round.readMs.values());
    return {
      dueBeforeMs: round.readMs.size === 0 ? null : Math.min(newestMs, tiersReadMs) - this.graceMs,
      take: ({ partition, endpoint, dueMs, isInLane = false }) => {
        const finishedMs = round.readMs.get(partition) ?? 0;
        const isLeftToIt = isInLane && finishedMs < nowMs - behindMsMax;
        if (isLeftToIt && (dueMs > nowMs - askWaitMsMax || inLane.has(endpoint))) return false;
        const readMs = Math.min(finishedMs, tiersReadMs);
        const taken = ofEndpoint.get(endpoint) ?? 0;
        if (dueMs + this.graceMs >= readMs || taken >= endpointMax || round.room(partition) <= 0) return false;
        ofEndpoint.set(endpoint, taken + 1);
        if (isLeftToIt) inLane.add(endpoint);
        round.take(partition, 1);
        return true;
      },
    };
  }

  /** What was taken of these partitions was written by then: more only once it was read. @param nowMs milliseconds since the epoch */
  wrote(partitions: Iterable<number>, nowMs: number): void {
    for (const partition of partitions) this.pace.wrote(partition, nowMs);
  }
}
