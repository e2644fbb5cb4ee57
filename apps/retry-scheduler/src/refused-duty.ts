import { failRefused, registryVersion } from '#audit/refused';
import type { Clock } from '#domain/clock';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import type { Log } from '#telemetry/log';
import type { Duty } from './duty.js';
import { FailRefused } from './fail-refused.js';

const everyMs = 2_000;
/** The longest deadline of an attempt, its lease's margin, and as much again as an app may take to hear of a change. */
const settleMs = 60_000;
const pageRows = 1_000;

/** Fails what is pending for endpoints nothing is sent to any more. */
export function createRefusedDuty(
  log: Log,
  { store, clock }: { readonly store: DataSource; readonly clock: Clock },
): Duty {
  const refused = new FailRefused({
    registryVersion: () => registryVersion(store),
    failPage: (after) => failRefused(store, after, pageRows),
    settleMs,
    clock,
    log,
  });
  const lock = dutyLocks.failRefused;
  return {
    ...{ name: 'refused', everyMs, lock, store },
    isNeeded: () => refused.isNeeded(),
    run: () => refused.run(),
  };
}
