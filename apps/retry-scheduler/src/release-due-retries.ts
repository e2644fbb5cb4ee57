/**
 * Tier record -> wait until `release` -> `deliveries`, or the next tier while more remains.
 *
 * Produce, then finish the offset: killed between, the record is released twice, and the claim lets one through. A record
 * that only waits when its partition is revoked or the process stops is given back and read again; down for longer than a
 * tier, everything due is released in order of reading, as fast as it is read (`release-pace`). Where too many wait for one
 * partition the record is finished and what it asks for waits without it: killed then, the sweep asks for it, for its row
 * knows when it was due. Nothing leaves early: `due` is on Postgres' clock, and the claim checks it again.
 */
import { decodeShard, decodeTierTimes } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { type KafkaRecord, type OutgoingRecord, singleHeaders } from '#domain/kafka-record';
import { placeInTier, type RetryTier } from '#domain/retry-tier';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { waitUntil } from './wait-until.js';
import { type WriteInTurnDeps, writeInTurn } from './write-in-turn.js';

/** What releasing touches. */
export interface ReleaseDueRetriesDeps extends WriteInTurnDeps {
  readonly tiers: readonly RetryTier[];
  readonly clock: Clock;
  readonly log: Log;
}

/** One record of a tier. Resolves when it is written where it goes next, or may be without it; throws a Failure otherwise, also when aborted. */
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
  const { topic: from } = record;
  const said = { from, to: next.topic, dueMs: times.dueMs };
  const released = () => {
    count('hookline_released_total', { tier: said.from });
    deps.log.info('retry.released', said);
  };
  if (await writeInTurn(record, next, { deps, signal, released })) released();
  else deps.log.info('retry.left', { from, dueMs: times.dueMs });
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
