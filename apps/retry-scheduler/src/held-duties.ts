import { endDrain, failHeld, forgetCircuit, freeUnknown, loadHeldBehind, takeHeld } from '#audit/held';
import { readProgress } from '#audit/progress';
import { topicNames } from '#contracts/topics';
import type { Clock } from '#domain/clock';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks, withDutyLock } from '#postgres/locks';
import { topicSettingsOf } from '#runtime/config-values';
import type { Log } from '#telemetry/log';
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

/** One round each of the duties for what is held, under their locks. */
export function createHeldDuties(config: RetrySchedulerConfig, log: Log, { store, producer, clock }: HeldParts) {
  const deliveriesTopic = topicNames.deliveries(topicSettingsOf(config).prefix);
  const deps: ReleaseHeldDeps = {
    loadHeldBehind: () => loadHeldBehind(store),
    takeHeld: (shares, query) => takeHeld(store, shares, query),
    failHeld: (failure) => failHeld(store, failure),
    forgetCircuit: (behind, unusedMs) => forgetCircuit(store, behind, unusedMs),
    endDrain: (key) => endDrain(store, key),
    readProgress: () => readProgress(store, [deliveriesTopic]),
    partitionOf: async (key) => partitionOfKey(key, await producer.partitionsOf(deliveriesTopic)),
    partitionPace: new PartitionPace(),
    heldPace: new HeldPace(),
    graceMs: config.SWEEP_GRACE_MS,
    deliveriesTopic,
    producer,
    clock,
    log,
  };
  const ageMsMax = config.NOTIFICATION_MAX_AGE;
  return {
    /** Idle, it costs one small question and no lock. */
    release: async () => {
      if ((await loadHeldBehind(store)).some(({ isPaused, refused }) => !isPaused || refused !== null))
        await withDutyLock(store, dutyLocks.releaseHeld, () => releaseHeld(deps));
    },
    expire: async () => {
      await withDutyLock(store, dutyLocks.expireHeld, () =>
        expireHeld({
          ageMsMax,
          failHeld: (failure) => failHeld(store, failure),
          freeUnknown: (rowsMax) => freeUnknown(store, rowsMax),
          log,
        }),
      );
    },
  };
}
