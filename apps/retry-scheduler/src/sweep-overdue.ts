/**
 * Rows that are due and not under way, and leases that ran out -> `deliveries`.
 *
 * The last resort for whatever Kafka or a killed process lost. It only produces records, which the claim filters, so it
 * may run twice or die anywhere: the next round asks again. It asks for a row only when its partition and every tier
 * have surely been read past the row's time, so a backlog is not asked for a second time.
 */
import type { LostLease, OverdueDelivery } from '#audit/overdue';
import type { ConsumerProgress } from '#audit/progress';
import { type Delivery, encodeDelivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What the sweep touches. */
export interface SweepOverdueDeps {
  readonly findOverdue: (dueBeforeMs: number, graceMs: number) => Promise<readonly OverdueDelivery[]>;
  readonly findRequestedItems: (graceMs: number) => Promise<readonly OverdueDelivery[]>;
  readonly closeLostLeases: () => Promise<readonly LostLease[]>;
  readonly markAsked: (deliveries: readonly Delivery[]) => Promise<void>;
  readonly readProgress: () => Promise<readonly ConsumerProgress[]>;
  /** False while Postgres has not been answering for long enough: a finish may only be waiting for it. */
  readonly mayJudgeLeases: () => boolean;
  readonly partitionOf: (delivery: Delivery) => Promise<number>;
  readonly tierPartitions: number;
  readonly deliveriesTopic: string;
  readonly graceMs: number;
  readonly producer: RecordProducer;
  readonly clock: Clock;
  readonly log: Log;
}

/** Records asked for in one round of one partition: a lost reader must not find a heap. */
const asksOfPartitionMax = 500;

/** One round. Throws a Failure while Postgres or Kafka is away; the next round does the same work. */
export async function sweepOverdue(deps: SweepOverdueDeps): Promise<void> {
  const lost = deps.mayJudgeLeases() ? await deps.closeLostLeases() : [];
  const overdue = await deps.findOverdue(deps.clock.nowMs() - deps.graceMs, deps.graceMs);
  const items = await deps.findRequestedItems(deps.graceMs);
  const askable = await readPast([...overdue, ...items], deps);
  const deliveries = [...lost.flatMap(({ delivery }) => delivery ?? []), ...askable];

  await Promise.all(deliveries.map((delivery) => ask(delivery, deps)));
  await deps.markAsked(deliveries);
  count('hookline_sweep_asked_total', {}, deliveries.length);
  count('hookline_leases_lost_total', {}, lost.length);
  if (deliveries.length > 0 || lost.length > 0)
    deps.log.info('sweep.finished', {
      asked: deliveries.length,
      leasesLost: lost.length,
      waiting: overdue.length - askable.length,
    });
}

function ask(delivery: Delivery, deps: SweepOverdueDeps): Promise<void> {
  return deps.producer.send(encodeDelivery(delivery, deps.deliveriesTopic));
}

/** Those whose record, if there was one, has been read and finished without the row moving. */
async function readPast(candidates: readonly OverdueDelivery[], deps: SweepOverdueDeps): Promise<readonly Delivery[]> {
  if (candidates.length === 0) return [];
  const progress = await deps.readProgress();
  const ofDeliveries = new Map(
    progress.flatMap(({ topic, partition, readToMs }) =>
      topic === deps.deliveriesTopic ? [[partition, readToMs]] : [],
    ),
  );
  const ofTiers = progress.filter(({ topic }) => topic !== deps.deliveriesTopic).map(({ readToMs }) => readToMs);
  const tiersReadToMs = ofTiers.length < deps.tierPartitions ? 0 : Math.min(...ofTiers);
  const asks = new Map<number, number>();
  const askable: Delivery[] = [];
  for (const { delivery, dueMs } of candidates) {
    const partition = await deps.partitionOf(delivery);
    const readToMs = Math.min(tiersReadToMs, ofDeliveries.get(partition) ?? 0);
    const asked = asks.get(partition) ?? 0;
    if (dueMs + deps.graceMs >= readToMs || asked >= asksOfPartitionMax) continue;
    asks.set(partition, asked + 1);
    askable.push(delivery);
  }
  return askable;
}
