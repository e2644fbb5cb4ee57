/**
 * The books, all the time: one scheduler leads for as long as a pass takes, and looks at both lines every few seconds.
 *
 * Both sides come from different stores, so neither can hide what happens to the other. While one of them is away nothing
 * is found and nothing resolved: the time of the last check stands still. Dies anywhere: the lock goes with its connection,
 * and whoever leads next goes on with the pass; two at once write the same rows.
 */

import type { OpenDifference } from '#audit/book-differences';
import type { LateNotification } from '#audit/late-work';
import { type BookDifference, type DifferenceKind, differenceKinds } from '#domain/book-difference';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { GaugeReading } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { type CheckEventsReadDeps, checkEventsRead, type OldPages } from './check-events-read.js';
import { type CheckNotificationsDeps, NotificationPass } from './check-notifications.js';
import type { TellDifferencesDeps, ToldDifferences } from './tell-differences.js';

export interface KeepBooksDeps extends TellDifferencesDeps {
  readonly pages: OldPages;
  readonly told: ToldDifferences;
  readonly events: CheckEventsReadDeps;
  readonly notifications: CheckNotificationsDeps;
  /** Null: leases and due times cannot be judged now. */
  readonly findLate: () => Promise<readonly LateNotification[] | null>;
  readonly listedLate: () => Promise<readonly OpenDifference[]>;
  /** A line was looked at as a whole. */
  readonly saveCheck: (line: 'events' | 'notifications', unlisted: number | null) => Promise<void>;
  readonly note: (found: readonly BookDifference[]) => Promise<number>;
  readonly resolve: (ids: readonly string[]) => Promise<void>;
  readonly countDifferences: () => Promise<ReadonlyMap<string, number>>;
  readonly forgetResolved: () => Promise<void>;
  readonly publish: (readings: readonly GaugeReading[]) => void;
  /** Between two rounds. */
  readonly everyMs: number;
  /** From one pass to the next at least. */
  readonly passMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Leads for one pass. Throws a Failure while Postgres is away; then somebody leads again. */
export async function keepBooks(deps: KeepBooksDeps): Promise<void> {
  const { clock, signal, everyMs, passMs } = deps;
  const pass = new NotificationPass(deps.notifications);
  const begunMs = clock.monotonicMs();
  while (!signal.aborted) {
    await round(pass, deps);
    if (pass.isDone && clock.monotonicMs() - begunMs >= passMs) return;
    await clock.wait(everyMs, signal);
  }
}

async function round(pass: NotificationPass, deps: KeepBooksDeps): Promise<void> {
  await checkEvents(deps);
  await checkLate(deps);
  await pass.round();
  await deps.saveCheck('notifications', null);
  await deps.told.tellNew(deps);
  await deps.forgetResolved();
  const counts = await deps.countDifferences();
  deps.publish(differenceKinds.map((kind) => ({ value: counts.get(kind) ?? 0, labels: { kind } })));
}

/** Kafka away says nothing of what Postgres holds: the second line is checked all the same. */
async function checkEvents(deps: KeepBooksDeps): Promise<void> {
  try {
    await deps.saveCheck('events', await checkEventsRead(deps.pages, deps.events));
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'BROKER_UNAVAILABLE') throw error;
    deps.log.warn('books.notChecked', { line: 'events', cause: error.message });
  }
}

async function checkLate(deps: KeepBooksDeps): Promise<void> {
  const late = await deps.findLate();
  if (late === null) return;
  const found = late.map(lateDifference);
  await deps.note(found);
  const keys = new Set(found.map(lateKey));
  const listed = await deps.listedLate();
  await deps.resolve(listed.filter((one) => !keys.has(lateKey(one))).map(({ id }) => id));
}

/** Of these kinds; all of them are looked for in every round. */
export const lateKinds: readonly DifferenceKind[] = ['OVERDUE', 'LEASE_OVERDUE'];

function lateKey({ kind, notificationId, number }: BookDifference): string {
  return `${kind}/${notificationId}/${number}`;
}

function lateDifference({ kind, id, tenant_id: tenantId, number, since }: LateNotification): BookDifference {
  const detail =
    kind === 'OVERDUE'
      ? `attempt ${number} is due since ${since}, and nobody has asked for it`
      : `the lease of attempt ${number} ran out at ${since}, and nobody has closed it`;
  return { kind, tenantId, notificationId: id, number, eventId: null, offsets: null, detail };
}
