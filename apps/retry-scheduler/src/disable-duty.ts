import { forgetFailing, forgetUnsent, hasAcceptedSince, loadFailing, noteWarnings } from '#audit/failing-endpoints';
import { endpointFailingEvent } from '#contracts/operator-event-record';
import type { Clock } from '#domain/clock';
import { idsOfKey } from '#domain/ids';
import type { RecordProducer } from '#domain/kafka-record';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { disableFailingEndpoint } from '#registry/disable-endpoint';
import { autoDisablePolicyOf } from '#runtime/config-values';
import { OperatorNotices } from '#runtime/operator-notices';
import type { Log } from '#telemetry/log';
import { type DisableFailingDeps, disableFailing } from './disable-failing.js';
import type { Duty } from './duty.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';

const everyMs = 10_000;
/** An endpoint is switched off all the same while Kafka takes nothing. */
const tellMsMax = 5_000;

/** Switches endpoints off that have failed for long; none where the policy says never. */
export function createDisableDuty(
  config: RetrySchedulerConfig,
  log: Log,
  { store, producer, clock }: { readonly store: DataSource; readonly producer: RecordProducer; readonly clock: Clock },
): readonly Duty[] {
  const policy = autoDisablePolicyOf(config);
  if (policy === null) return [];
  const notices = new OperatorNotices(producer, log);
  const saying = { prefix: config.TOPIC_PREFIX, clock };
  const tell: DisableFailingDeps['tell'] = async (kind, { key, sinceMs, attempts }) => {
    const written = notices.written(endpointFailingEvent(kind, { ...idsOfKey(key), sinceMs, attempts }, saying));
    const timer = new AbortController();
    await Promise.race([written, clock.wait(tellMsMax, timer.signal)]);
    timer.abort();
  };
  const deps: DisableFailingDeps = {
    policy,
    forgetUnsent: () => forgetUnsent(store),
    loadFailing: () => loadFailing(store),
    noteWarnings: (key, warnings) => noteWarnings(store, key, warnings),
    hasAcceptedSince: (key, sinceMs) => hasAcceptedSince(store, key, sinceMs),
    disable: (key) => disableFailingEndpoint(store, key),
    forgetFailing: (key) => forgetFailing(store, key),
    tell,
    clock,
    log,
  };
  const lock = dutyLocks.disableFailing;
  return [{ ...{ name: 'disable', everyMs, lock, store }, run: () => disableFailing(deps) }];
}
