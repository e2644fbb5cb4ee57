/**
 * What is held for a circuit or a pause -> `deliveries`, once its endpoint is no longer spared: one as the probe, then as many
 * as a half-open circuit lets through, then ever more of the rest, or as many a second as the operator wants. Rows wait
 * alone, so nobody else brings them back. What waits for an endpoint that nothing is sent to any more fails.
 *
 * It may run twice or die anywhere: a row that was let go and not produced is let go again after the grace, and the claim
 * lets one record of it through. A partition that takes no records, or is not read, keeps only its own endpoints waiting.
 * A held row whose circuit nobody knows (the dispatcher was killed before it stored it) is freed by `expire-held`.
 */
import type { HeldBehind, HeldFailure, HeldQuery, HeldShare } from '#audit/held';
import type { ConsumerProgress } from '#audit/progress';
import { type Delivery, encodeDelivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import { type EndpointKey, endpointKey } from '#domain/ids';
import type { RecordProducer } from '#domain/kafka-record';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { HeldPace } from './held-pace.js';
import type { PartitionPace } from './partition-pace.js';

export interface ReleaseHeldDeps {
  readonly loadHeldBehind: () => Promise<readonly HeldBehind[]>;
  readonly takeHeld: (shares: readonly HeldShare[], query: HeldQuery) => Promise<readonly Delivery[]>;
  readonly failHeld: (failure: HeldFailure) => Promise<number>;
  readonly forgetCircuit: (behind: HeldBehind, unusedMs: number) => Promise<void>;
  readonly endDrain: (key: EndpointKey) => Promise<void>;
  readonly readProgress: () => Promise<readonly ConsumerProgress[]>;
  readonly partitionOf: (key: EndpointKey) => Promise<number>;
  readonly partitionPace: PartitionPace;
  readonly heldPace: HeldPace;
  readonly graceMs: number;
  readonly deliveriesTopic: string;
  readonly producer: RecordProducer;
  readonly clock: Clock;
  readonly log: Log;
}

const failedPageRows = 1_000;
/** An open circuit that nobody has probed for so long, because nothing was to be sent, is not worth remembering. */
const unusedMs = 3_600_000;

/** One round. Throws a Failure while Postgres is away; the next round does the same work. */
export async function releaseHeld(deps: ReleaseHeldDeps): Promise<void> {
  const all = await deps.loadHeldBehind();
  const refused = all.filter((behind) => behind.refused !== null);
  const goingOn = all.filter((behind) => behind.refused === null && !behind.isPaused);
  for (const behind of refused) await failAll(behind, deps);
  const shares = await sharesOf(goingOn, deps);
  if (shares.length === 0) return;

  const query = { reasons: ['CIRCUIT_OPEN', 'ENDPOINT_PAUSED'], graceMs: deps.graceMs, overdueMs: null } as const;
  const deliveries = await deps.takeHeld(shares, query);
  for (const share of shares) {
    const { key } = share;
    const released = deliveries.filter((one) => endpointKey(one.tenantId, one.endpointId, one.shard) === key);
    deps.heldPace.note(share, released.length, deps.clock.nowMs());
    if (released.length > 0) send(key, released, deps);
    else for (const behind of goingOn) if (behind.key === key) await forget(behind, deps);
  }
}

/** A page of those that wait for an endpoint which is deleted, disabled or switched off. */
async function failAll(behind: HeldBehind, deps: ReleaseHeldDeps): Promise<void> {
  const { key, refused } = behind;
  if (refused === null) return;
  const failure = { key, ageMs: 0, reason: refused, detail: 'held, and no attempt was made', rowsMax: failedPageRows };
  const failed = await deps.failHeld(failure);
  if (failed > 0) deps.log.info('held.failed', { endpoint: key, reason: refused, notifications: failed });
  else await forget(behind, deps);
}

/** Nothing was found of it: it is forgotten unless something is held after all. */
async function forget(behind: HeldBehind, deps: ReleaseHeldDeps): Promise<void> {
  if (behind.version > 0) await deps.forgetCircuit(behind, unusedMs);
  if (behind.isDraining && (!behind.isPaused || behind.refused === 'ENDPOINT_DELETED')) await deps.endDrain(behind.key);
}

/** What each circuit lets through now, as far as its partition takes it. */
async function sharesOf(goingOn: readonly HeldBehind[], deps: ReleaseHeldDeps): Promise<readonly HeldShare[]> {
  const nowMs = deps.clock.nowMs();
  const shares = goingOn.flatMap((behind) => {
    const rowsMax = deps.heldPace.rowsMax(behind, nowMs);
    return rowsMax > 0 ? [{ key: behind.key, rowsMax }] : [];
  });
  deps.heldPace.keepOnly(new Set(goingOn.map(({ key }) => key)));
  if (shares.length === 0) return [];
  const round = deps.partitionPace.round(await deps.readProgress(), nowMs);
  const fitting: HeldShare[] = [];
  // The smallest first: a probe is one, and no drain may keep it waiting.
  for (const { key, rowsMax } of shares.toSorted((a, b) => a.rowsMax - b.rowsMax)) {
    const partition = await deps.partitionOf(key);
    const fits = Math.min(rowsMax, round.room(partition));
    round.take(partition, fits);
    if (fits > 0) fitting.push({ key, rowsMax: fits });
  }
  return fitting;
}

/** Waits for nobody: what is refused is taken again after the grace. */
function send(key: EndpointKey, deliveries: readonly Delivery[], deps: ReleaseHeldDeps): void {
  const { producer, deliveriesTopic, log } = deps;
  const sent = deliveries.map((delivery) => producer.send(encodeDelivery(delivery, deliveriesTopic)));
  deps.heldPace.sending(key, Promise.allSettled(sent));
  Promise.all(sent).catch((error: unknown) => log.warn('held.notReleased', { endpoint: key, cause: String(error) }));
  count('hookline_held_released_total', {}, deliveries.length);
  log.info('held.released', { endpoint: key, deliveries: deliveries.length });
}
