/**
 * How duties are run: each again and again, in one process at a time, none waiting for another one.
 *
 * A duty may run twice or die anywhere, which each of them answers for itself. One that is stuck (on a lock, in a slow
 * statement) holds two connections of its pool and its own lock, and nothing else: the pool has two for each duty. Its last
 * success then grows old, which is what to watch.
 */
import type { Clock } from '#domain/clock';
import type { DataSource } from '#postgres/data-source';
import { withDutyLock } from '#postgres/locks';
import { repeat } from '#runtime/repeat';
import { count, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { DutyName } from './duty-names.js';

export interface Duty {
  readonly name: DutyName;
  /** Milliseconds from the beginning of one round to that of the next. */
  readonly everyMs: number;
  /** Of `dutyLocks`, its own; held in `store`, over which it works. */
  readonly lock: number;
  readonly store: DataSource;
  /** Whether there is anything to do, asked without the lock; always when absent. */
  readonly isNeeded?: () => Promise<boolean>;
  /** One round, under the lock. Throws a Failure; the next round does the same work. */
  readonly run: () => Promise<void>;
  /** The lock is another process': that one does it. */
  readonly isElsewhere?: () => void;
}

export interface DutyRunnerDeps {
  /** Not run by this process. */
  readonly off: readonly DutyName[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

interface DutyRecord {
  /** Milliseconds since the epoch; 0: not yet. */
  lastSuccessMs: number;
  /** Of the last round that came to its end; null: none did. */
  durationMs: number | null;
}

/** Repeats the duties that it is given until the signal is aborted, but those that are off. */
export function createDutyRunner({ off, signal, clock, log }: DutyRunnerDeps): (duties: readonly Duty[]) => void {
  const records = new Map<DutyName, DutyRecord>();
  gauge('hookline_duty_last_success_timestamp_seconds', () =>
    [...records].map(([duty, { lastSuccessMs }]) => ({ value: lastSuccessMs / 1_000, labels: { duty } })),
  );
  gauge('hookline_duty_duration_seconds', () =>
    [...records].flatMap(([duty, { durationMs }]) =>
      durationMs === null ? [] : [{ value: durationMs / 1_000, labels: { duty } }],
    ),
  );
  return (duties) => {
    for (const duty of duties) {
      if (off.includes(duty.name)) continue;
      const record: DutyRecord = { lastSuccessMs: 0, durationMs: null };
      records.set(duty.name, record);
      const { name, everyMs } = duty;
      void repeat(() => runRound(duty, record, clock), { name, everyMs, signal, clock, log });
    }
  };
}

async function runRound(duty: Duty, record: DutyRecord, clock: Clock): Promise<void> {
  const beganMs = clock.monotonicMs();
  let isOver = false;
  try {
    if (await isDone(duty)) {
      record.lastSuccessMs = clock.nowMs();
      record.durationMs = clock.monotonicMs() - beganMs;
    }
    isOver = true;
  } finally {
    if (!isOver) count('hookline_duty_failures_total', { duty: duty.name });
  }
}

/** False: another process does it now. */
async function isDone({ isNeeded, store, lock, run, isElsewhere }: Duty): Promise<boolean> {
  if (isNeeded !== undefined && !(await isNeeded())) return true;
  const isOurs = await withDutyLock(store, lock, async () => {
    await run();
    return true;
  });
  if (isOurs === null) isElsewhere?.();
  return isOurs === true;
}
