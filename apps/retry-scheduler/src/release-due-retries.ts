/**
 * Tier record -> wait until `release` -> `deliveries`, or the next tier while more remains.
 *
 * Produce, then finish the offset: killed between, the record is released twice, and the claim lets one through. A record
 * that only waits when its partition is revoked or the process stops is given back and read again; down for longer than a
 * tier, everything due is released in order of reading, as fast as it is read (`release-pace`). Nothing leaves early: `due` is on Postgres' clock, and the claim
 * checks it again.
 */
import { decodeShard, decodeTierTimes } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { type KafkaRecord, type OutgoingRecord, singleHeaders } from '#domain/kafka-record';
import { placeInTier, type RetryTier } from '#domain/retry-tier';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { ReleasePace } from './release-pace.js';
import { waitUntil } from './wait-until.js';

/** What releasing touches. */
export interface ReleaseDueRetriesDeps {
  readonly tiers: readonly RetryTier[];
  readonly deliveriesTopic: string;
  /** The partition of `deliveries` a shard of a key belongs to. */
  readonly partitionOf: (key: Buffer | null, shard: number) => Promise<number>;
  readonly pace: ReleasePace;
  readonly producer: Pick<KafkaRecordProducer, 'send' | 'sendAndLocate'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** One record of a tier. Resolves when it is written where it goes next; throws a Failure otherwise, also when aborted. */
export async function releaseDueRetry(
  record: KafkaRecord,
  deps: ReleaseDueRetriesDeps,
  signal: AbortSignal,
): Promise<void> {
  const times = decodeTierTimes(record);
  if (times === null)
    throw new Failure('UNDECODABLE_RECORD', 'the headers due and release cannot be read', { retryable: false });
  await waitUntil(times.releaseMs, deps.clock, signal);
  if (signal.aborted) throw new Failure('BROKER_UNAVAILABLE', 'the record is given back', { retryable: true });

  const next = nextRecord(record, times.dueMs, deps);
  await produce(next, deps, signal);
  count('hookline_released_total', { tier: record.topic });
  deps.log.info('retry.released', { from: record.topic, to: next.topic, dueMs: times.dueMs });
}

/** Between tiers at once; to `deliveries` when its partition has room. */
async function produce(next: OutgoingRecord, deps: ReleaseDueRetriesDeps, signal: AbortSignal): Promise<void> {
  const { deliveriesTopic, producer, pace } = deps;
  if (next.topic !== deliveriesTopic) return producer.send(next);
  const partition = await deps.partitionOf(Buffer.isBuffer(next.key) ? next.key : null, next.shift ?? 0);
  await pace.write(partition, () => producer.sendAndLocate(next), signal);
}

/** The value goes on untouched; only the times of waiting are headers of the tiers. */
function nextRecord(record: KafkaRecord, dueMs: number, deps: ReleaseDueRetriesDeps): OutgoingRecord {
  const { due: _due, release: _release, ...kept } = singleHeaders(record);
  const { key, value } = record;
  const nowMs = deps.clock.nowMs();
  if (dueMs <= nowMs) return { topic: deps.deliveriesTopic, key, value, headers: kept, shift: decodeShard(record) };
  const { tier, releaseMs } = placeInTier(deps.tiers, dueMs, nowMs);
  return { topic: tier.topic, key, value, headers: { ...kept, due: String(dueMs), release: String(releaseMs) } };
}
