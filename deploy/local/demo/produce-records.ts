import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import { createLendingRecords } from './lending-events.js';

/** What is produced, and how fast. */
export interface ProduceOptions {
  readonly topic: string;
  readonly count: number;
  readonly ratePerSecond: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Records that may be on their way at once. */
const underWayMax = 2_000;
const tickMs = 10;

/**
 * Produces at an even pace. `producedAtMs` learns when each event was handed over; an event that is sent twice keeps its
 * first time. `onWritten` hears of each record that is on the brokers' disks. Ends early when the signal is aborted.
 */
export async function produceRecords(
  producer: RecordProducer,
  options: ProduceOptions,
  seen: { readonly producedAtMs: Map<string, number>; readonly onWritten: () => void },
): Promise<void> {
  const { topic, count, ratePerSecond, seed, signal, clock } = options;
  const next = createLendingRecords(seed);
  const startMs = clock.monotonicMs();
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let made = 0;
  while (made < count && failures.length === 0 && !signal.aborted) {
    const due = Math.min(count, Math.ceil(((clock.monotonicMs() - startMs) / 1_000) * ratePerSecond));
    for (; made < due && underWay.size < underWayMax; made++) {
      const nowMs = clock.nowMs();
      const { key, value, headers, eventId } = next(nowMs);
      if (eventId !== null && !seen.producedAtMs.has(eventId)) seen.producedAtMs.set(eventId, nowMs);
      const written = producer.send({ topic, key, value, headers }).then(seen.onWritten, (error: unknown) => {
        failures.push(error);
      });
      underWay.add(written);
      void written.then(() => underWay.delete(written));
    }
    await clock.wait(tickMs, signal);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
}
