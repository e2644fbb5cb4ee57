/**
 * Rows that are due and not under way, and leases that ran out -> `deliveries`.
 *
 * The last resort for whatever Kafka or a killed process lost. It only produces records, which the claim filters, so it
 * may run twice or die anywhere: the next round asks again. It asks for a row only when its partition and every tier
 * have surely been read past the row's time, so a backlog is not asked for a second time. It writes in slices with a pause
 * between, so that a backlog it asks for stands in nobody's way.
 */
import type { LostLease, OverdueCursor, OverdueDelivery, OverduePage } from '#audit/overdue';
import type { Delivery } from '#contracts/delivery-record';
import { endpointKey } from '#domain/ids';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { AskRound, ReadProgress } from './ask-pace.js';
import type { PageCursor } from './page-cursor.js';
import { type Ask, type WriteInSlicesDeps, writeInSlices } from './write-in-slices.js';
import { inTurn } from './write-slices.js';

/** What the sweep touches. */
export interface SweepOverdueDeps extends WriteInSlicesDeps {
  /** Rows due before an instant (milliseconds since the epoch), a page at a time. */
  readonly findOverdue: (dueBeforeMs: number, after: OverdueCursor | null) => Promise<OverduePage>;
  readonly findRequestedItems: (after: OverdueCursor | null) => Promise<OverduePage>;
  readonly closeLostLeases: () => Promise<readonly LostLease[]>;
  readonly readProgress: () => Promise<ReadProgress>;
  /** False while Postgres has not been answering for long enough: a finish may only be waiting for it. */
  readonly mayJudgeLeases: () => boolean;
  readonly partitionOf: (delivery: Delivery) => Promise<number>;
  /** Where the last round ended. */
  readonly pages: PageCursor;
  readonly itemPages: PageCursor;
  readonly log: Log;
}

/** Pages of one round: the next one goes on behind them. */
const pagesMax = 5;
/** A row asked for this often without a claim or a hold is a fault that somebody must look at. */
const asksSuspicious = 10;

/** One round. Throws a Failure while Postgres or Kafka is away; the next round does the same work. */
export async function sweepOverdue(deps: SweepOverdueDeps): Promise<void> {
  const lost = deps.mayJudgeLeases() ? await deps.closeLostLeases() : [];
  const nextAttempts = lost.flatMap(({ delivery }) => delivery ?? []).map((delivery) => askOf(delivery, deps));
  const askedNext = await writeInSlices(await Promise.all(nextAttempts), deps);
  const progress = await deps.readProgress();
  const items: Ask[] = [];
  const itemRound = deps.itemPace.round(progress, deps.clock.nowMs());
  await deps.itemPages.go(pagesMax, deps.findRequestedItems, (found) => take(found, itemRound, items, deps));
  const rows: Ask[] = [];
  const round = deps.pace.round(progress, deps.clock.nowMs());
  const { dueBeforeMs } = round;
  if (dueBeforeMs !== null) {
    const find = (after: OverdueCursor | null) => deps.findOverdue(dueBeforeMs, after);
    await deps.pages.go(pagesMax, find, (found) => take(found, round, rows, deps));
  }
  const asked = askedNext + (await writeInSlices(inTurn(items, rows), deps));

  count('hookline_sweep_asked_total', {}, asked);
  count('hookline_leases_lost_total', {}, lost.length);
  if (asked > 0 || lost.length > 0) deps.log.info('sweep.finished', { asked, leasesLost: lost.length });
}

async function askOf(delivery: Delivery, deps: SweepOverdueDeps): Promise<Ask> {
  return { delivery, partition: await deps.partitionOf(delivery) };
}

/** Adds what may be asked for. */
async function take(
  candidates: readonly OverdueDelivery[],
  round: AskRound,
  taken: Ask[],
  deps: SweepOverdueDeps,
): Promise<void> {
  for (const { delivery, dueMs, askCount, isInLane } of candidates) {
    const ask = await askOf(delivery, deps);
    const endpoint = endpointKey(delivery.tenantId, delivery.endpointId, delivery.shard);
    if (!round.take({ partition: ask.partition, endpoint, dueMs, isInLane })) continue;
    taken.push(ask);
    if (askCount >= asksSuspicious)
      deps.log.error('notification.stuck', { notificationId: delivery.notificationId, asks: askCount });
  }
}
