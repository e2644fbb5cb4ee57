import { endDrain, failHeld, forgetCircuit, freeUnknown, loadHeldBehind, takeHeld } from '#audit/held';
import { readProgress } from '#audit/progress';
import { topicNames } from '#contracts/topics';
import type { Clock } from '#domain/clock';
import { endpointKey, idsOfKey } from '#domain/ids';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { topicSettingsOf } from '#runtime/config-values';
import type { Log } from '#telemetry/log';
import type { Duty } from './duty.js';
import { expireHeld } from './expire-held.js';
import { HeldPace } from './held-pace.js';
import { PartitionPace } from './partition-pace.js';
import { type ReleaseHeldDeps, releaseHeld } from './release-held.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';

interface HeldParts {
  readonly store: DataSource;
  readonly producer: KafkaRecordProducer;
  readonly clock: Clock;
}

const releaseMs = 1_000;
const expireMsMax = 60_000;

/** Lets what is held go on; fails what was held for too long. */
export function createHeldDuties(
  config: RetrySchedulerConfig,
  log: Log,
  { store, producer, clock }: HeldParts,
): readonly Duty[] {
  const deliveriesTopic = topicNames.deliveries(topicSettingsOf(config).prefix);
  const deps: ReleaseHeldDeps = {
    loadHeldBehind: () => loadHeldBehind(store),
    takeHeld: (shares, query) => takeHeld(store, shares, query),
    failHeld: (failure) => failHeld(store, failure),
    forgetCircuit: (behind, unusedMs) => forgetCircuit(store, behind, unusedMs),
    endDrain: (key) => endDrain(store, key),
    readProgress: () => readProgress(store, [deliveriesTopic]),
    partitionOf: async (key) => {
      const { tenantId, endpointId, shard } = idsOfKey(key);
      return partitionOfKey(endpointKey(tenantId, endpointId), await producer.partitionsOf(deliveriesTopic), shard);
    },
    partitionPace: new PartitionPace(),
    heldPace: new HeldPace(),
    graceMs: config.SWEEP_GRACE_MS,
    deliveriesTopic,
    producer,
    clock,
    log,
  };
  const ageMsMax = config.NOTIFICATION_MAX_AGE;
  const expireDeps = {
    ageMsMax,
    failHeld: deps.failHeld,
    freeUnknown: (rowsMax: number) => freeUnknown(store, rowsMax),
    log,
  };
  return [
    {
      ...{ name: 'held', everyMs: releaseMs, lock: dutyLocks.releaseHeld, store },
      /** Idle, it costs one small question and no lock. */
      isNeeded: async () =>
        (await loadHeldBehind(store)).some(({ isPaused, refused }) => !isPaused || refused !== null),
      run: () => releaseHeld(deps),
    },
    {
      ...{ name: 'expire', everyMs: Math.min(expireMsMax, ageMsMax), lock: dutyLocks.expireHeld, store },
      run: () => expireHeld(expireDeps),
    },
  ];
}
