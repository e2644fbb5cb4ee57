import { grouped, isAccepted, type RunIndex } from './run-index.js';
import type { NotificationLine, Violation } from './run-logs.js';

/** How a notification of this run may fail: nobody deletes or answers 410. */
const failuresMeant: ReadonlySet<string | null> = new Set(['EXHAUSTED', 'LEASE_LOST', 'ENDPOINT_DISABLED']);

/** Two statements of Postgres in one instant. Milliseconds. */
const clockSlackMs = 2;

/** Nothing lost, nothing made up, every notification ended and none of them falsely `sent`. */
export function checkEvents(index: RunIndex): readonly Violation[] {
  return [...checkMatches(index), ...checkPhantoms(index), ...checkEnds(index)];
}

/** I1: of every event and every template that matches it there is exactly one notification. */
function checkMatches({ logs }: RunIndex): readonly Violation[] {
  const counts = new Map<string, number>();
  for (const row of logs.notifications) counts.set(pairOf(row), (counts.get(pairOf(row)) ?? 0) + 1);
  return logs.events.flatMap((event) =>
    event.templates.flatMap((templateId) => {
      const found = counts.get(pairOf({ eventId: event.id, templateId })) ?? 0;
      const isRight = found === 1 || (found === 0 && event.ack === 'unknown');
      return isRight ? [] : [violation('I1', `${event.id} ${templateId}`, `${found} notifications instead of one`)];
    }),
  );
}

/** I2: a notification has an event that was produced, and a template that matches it. */
function checkPhantoms({ logs }: RunIndex): readonly Violation[] {
  const events = new Map(logs.events.map((event) => [event.id, event]));
  return logs.notifications.flatMap(({ id, eventId, templateId }) => {
    const isMeant = events.get(eventId)?.templates.includes(templateId) ?? false;
    return isMeant ? [] : [violation('I2', id, `event ${eventId} does not lead to ${templateId}`)];
  });
}

/** I4: nothing is pending or open when all is quiet. I5: `sent` was answered 2xx. I7: `failed` by rule. */
function checkEnds(index: RunIndex): readonly Violation[] {
  const open = index.logs.attempts.filter(({ state }) => state !== 'finished');
  return [
    ...open.map((row) => violation('I4', `${row.notificationId} ${row.number}`, `attempt is ${row.state}`)),
    ...index.logs.notifications.flatMap((row) => checkEnd(row, index)),
  ];
}

function checkEnd(row: NotificationLine, index: RunIndex): readonly Violation[] {
  const { id, state, failureReason } = row;
  const finished = index.attemptsOf(id).filter((attempt) => attempt.state === 'finished');
  const violations: Violation[] = [];
  if (finished.length !== row.attemptCount)
    violations.push(violation('I4', id, `attempt_count ${row.attemptCount}, but ${finished.length} in the history`));
  if (state === 'sent') {
    const wasAccepted = index.requestsOf(id).some(({ status, end }) => end === 'answered' && isAccepted(status));
    const isRecorded = finished.some(({ outcome }) => outcome === 'accepted');
    if (!wasAccepted || !isRecorded)
      violations.push(violation('I5', id, `sent, but ${wasAccepted ? 'no attempt is' : 'no request was'} accepted`));
  } else if (state !== 'failed') violations.push(violation('I4', id, `${state}, due ${row.nextAttemptMs}`));
  else if (!failuresMeant.has(failureReason)) violations.push(violation('I7', id, `failed ${failureReason}`));
  else violations.push(...checkFailure(row, index));
  return violations;
}

/** I7: exhausted after every entry of the schedule was used; given up after three unknown attempts in a row. */
function checkFailure(row: NotificationLine, index: RunIndex): readonly Violation[] {
  const { id, step, failureReason } = row;
  const { scheduleMs } = index.logs.rules;
  const inSeries = index.attemptsOf(id).filter(({ trigger }) => trigger === 'auto');
  if (inSeries.some(({ outcome }) => outcome === 'accepted')) return [violation('I7', id, 'failed, and was accepted')];
  if (failureReason === 'ENDPOINT_DISABLED') return checkDisabled(row, index);
  if (failureReason === 'LEASE_LOST') {
    const isLost = inSeries.length >= 3 && inSeries.slice(-3).every(({ outcome }) => outcome === 'unknown');
    return isLost ? [] : [violation('I7', id, 'LEASE_LOST without three unknown attempts in a row')];
  }
  const failed = inSeries.filter(({ outcome }) => outcome === 'failed').length;
  if (step === scheduleMs.length && failed > scheduleMs.length) return [];
  return [violation('I7', id, `EXHAUSTED at step ${step} of ${scheduleMs.length} after ${failed} failed attempts`)];
}

/** I7: only while it is disabled. */
function checkDisabled({ id, endpointId, finishedMs }: NotificationLine, index: RunIndex): readonly Violation[] {
  const disabled = index.logs.disabled.find((one) => one.endpointId === endpointId);
  if (disabled === undefined) return [violation('I7', id, `failed ENDPOINT_DISABLED, and ${endpointId} is not`)];
  const earlyMs = disabled.atMs - (finishedMs ?? disabled.atMs);
  return earlyMs > clockSlackMs ? [violation('I7', id, `failed ${earlyMs.toFixed(0)} ms before it was disabled`)] : [];
}

/** RESEND: an operator's wish that was taken led to a manual attempt. */
export function checkResends(index: RunIndex): readonly Violation[] {
  const wishes = grouped(
    index.logs.resends.filter(({ ack }) => ack === 'ok'),
    ({ notificationId }) => notificationId,
  );
  return [...wishes].flatMap(([id, asked]) => {
    const isMade = ({ trigger, outcome }: { readonly trigger: string; readonly outcome: string | null }) =>
      trigger === 'manual' && outcome !== null && outcome !== 'unknown';
    const made = index.attemptsOf(id).filter(isMade).length;
    // An item for an endpoint that is off is refused without an attempt.
    if (index.isDisabled(index.notifications.get(id)?.endpointId)) return [];
    const all = index.logs.resends.filter(({ notificationId }) => notificationId === id).length;
    if (made >= asked.length && made <= all) return [];
    return [violation('RESEND', id, `${made} manual attempts for ${asked.length} to ${all} wishes`)];
  });
}

function pairOf({ eventId, templateId }: { readonly eventId: string; readonly templateId: string }): string {
  return `${eventId} ${templateId}`;
}

function violation(invariant: string, about: string, said: string): Violation {
  return { invariant, about, said };
}
