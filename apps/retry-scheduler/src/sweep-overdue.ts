/**
 * Rows that are due and not under way, and leases that ran out -> `deliveries`.
 *
 * The last resort for whatever Kafka or a killed process lost. It only produces records, which the claim filters, so it
 * may run twice or die anywhere: the next round asks again. It asks for a row only when its partition and every tier
 * have surely been read past the row's time, so a backlog is not asked for a second time.
 */
import type { LostLease, OverdueCursor, OverdueDelivery, OverduePage } from '#audit/overdue';
import type { Delivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { AskPace, AskRound, ReadProgress } from './ask-pace.js';
import { writeDeliveries } from './write-deliveries.js';

/** What the sweep touches. */
export interface SweepOverdueDeps {
  /** Rows due before an instant (milliseconds since the epoch), a page at a time. */
  readonly findOverdue: (dueBeforeMs: number, after: OverdueCursor | null) => Promise<OverduePage>;
  readonly findRequestedItems: () => Promise<readonly OverdueDelivery[]>;
  readonly closeLostLeases: () => Promise<readonly LostLease[]>;
  readonly markAsked: (deliveries: readonly Delivery[]) => Promise<void>;
  readonly readProgress: () => Promise<ReadProgress>;
  /** False while Postgres has not been answering for long enough: a finish may only be waiting for it. */
  readonly mayJudgeLeases: () => boolean;
  readonly partitionOf: (delivery: Delivery) => Promise<number>;
  readonly pace: AskPace;
  /** Of re-sends: a large job takes nothing of what rows may be asked for. */
  readonly itemPace: AskPace;
  readonly deliveriesTopic: string;
  readonly producer: RecordProducer;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pages of one round: what is left is found by the next one. */
const pagesMax = 20;
/** A row asked for this often without a claim or a hold is a fault that somebody must look at. */
const asksSuspicious = 10;

/** One round. Throws a Failure while Postgres or Kafka is away; the next round does the same work. */
export async function sweepOverdue(deps: SweepOverdueDeps): Promise<void> {
  const lost = deps.mayJudgeLeases() ? await deps.closeLostLeases() : [];
  const nextAttempts = lost.flatMap(({ delivery }) => delivery ?? []);
  const progress = await deps.readProgress();
  const round = deps.pace.round(progress, deps.clock.nowMs());
  const itemRound = deps.itemPace.round(progress, deps.clock.nowMs());
  const items = await askable(await deps.findRequestedItems(), itemRound, deps);
  const asked = (await askAll([...nextAttempts, ...items], deps)) + (await askOverdue(round, deps));

  count('hookline_sweep_asked_total', {}, asked);
  count('hookline_leases_lost_total', {}, lost.length);
  if (asked > 0 || lost.length > 0) deps.log.info('sweep.finished', { asked, leasesLost: lost.length });
}

/** Page by page, so that rows whose partition is not read do not hide the others. */
async function askOverdue(round: AskRound, deps: SweepOverdueDeps): Promise<number> {
  if (round.dueBeforeMs === null) return 0;
  let asked = 0;
  let after: OverdueCursor | null = null;
  for (let pages = 0; pages < pagesMax; pages++) {
    const page: OverduePage = await deps.findOverdue(round.dueBeforeMs, after);
    asked += await askAll(await askable(page.deliveries, round, deps), deps);
    if (page.next === null) break;
    after = page.next;
  }
  return asked;
}

async function askable(
  candidates: readonly OverdueDelivery[],
  round: AskRound,
  deps: SweepOverdueDeps,
): Promise<readonly Delivery[]> {
  const taken: Delivery[] = [];
  for (const { delivery, dueMs, askCount, isInLane } of candidates) {
    if (!round.take(await deps.partitionOf(delivery), dueMs, isInLane)) continue;
    taken.push(delivery);
    if (askCount >= asksSuspicious)
      deps.log.error('notification.stuck', { notificationId: delivery.notificationId, asks: askCount });
  }
  return taken;
}

async function askAll(deliveries: readonly Delivery[], deps: SweepOverdueDeps): Promise<number> {
  if (deliveries.length === 0) return 0;
  const written = await writeDeliveries(deliveries, deps);
  await deps.markAsked(written);
  return written.length;
}
