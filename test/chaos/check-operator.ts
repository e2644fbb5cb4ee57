import { losesClaims, type RunIndex, slowsDispatchers } from './run-index.js';
import type { AttemptLine, Violation } from './run-logs.js';

/** An operator's change is seen by every app within a second; what was claimed before may still go out. Milliseconds. */
const seenWithinMs = 1_500;
/** A dispatcher that starts or stands still hears of it later. Milliseconds. */
const undisturbedMs = 4_000;
/** Where no attempt may begin any more. Milliseconds. */
const disabledWithinMs = 5_000;
/** A dispatcher tells the others of a success within this. Milliseconds. */
const toldWithinMs = 12_000;
/** Of the times of dispatchers' results and of the store's. Milliseconds. */
const clockSlackMs = 100;

/** What operators and circuits say of when nothing is sent. */
export function checkOperator(index: RunIndex): readonly Violation[] {
  return index.logs.attempts.flatMap((row) => [
    ...checkPause(row, index),
    ...checkCircuit(row, index),
    ...checkDisabled(row, index),
  ]);
}

/** PAUSE: no attempt begins while its endpoint is paused. */
function checkPause(row: AttemptLine, index: RunIndex): readonly Violation[] {
  const { startedMs } = row;
  const pause = index.logs.pauses.find(
    ({ endpointId, fromMs, untilMs }) =>
      startedMs > fromMs + seenWithinMs && startedMs < untilMs && endpointId === endpointOf(row, index),
  );
  if (pause === undefined || wasDisturbed(startedMs, index)) return [];
  return [violation('PAUSE', row, `began ${(startedMs - pause.fromMs).toFixed(0)} ms after its endpoint was paused`)];
}

/** I25: while a circuit is open no attempt begins before its probe is due. */
function checkCircuit(row: AttemptLine, index: RunIndex): readonly Violation[] {
  const { startedMs } = row;
  const circuit = index.logs.circuits.find(
    ({ endpointId, openedMs, probeMs }) =>
      startedMs > openedMs + seenWithinMs &&
      startedMs < probeMs - clockSlackMs &&
      endpointId === endpointOf(row, index),
  );
  if (circuit === undefined || wasDisturbed(startedMs, index) || index.mayHaveTwoOwners(startedMs)) return [];
  const said = `began ${(startedMs - circuit.openedMs).toFixed(0)} ms after its circuit had opened`;
  return [violation('I25', row, `${said}, ${(circuit.probeMs - startedMs).toFixed(0)} ms before its probe was due`)];
}

/** I18: none begins once its endpoint is switched off. */
function checkDisabled(row: AttemptLine, index: RunIndex): readonly Violation[] {
  const disabled = index.logs.disabled.find(({ endpointId }) => endpointId === endpointOf(row, index));
  if (disabled === undefined || row.startedMs <= disabled.atMs + disabledWithinMs) return [];
  if (wasDisturbed(row.startedMs, index)) return [];
  return [violation('I18', row, `began ${(row.startedMs - disabled.atMs).toFixed(0)} ms after it was disabled`)];
}

/**
 * I26: an endpoint is switched off only after it has failed for that long: nobody there accepted anything in that time. But for
 * what a dispatcher took along that was lost before it told of it: the counters that know of it as well are by the minute, and
 * in the minute of the first failure they say nothing. All parts of a run say it of their own requests.
 */
export function checkAutoDisabled(index: RunIndex): readonly Violation[] {
  const { rules, requests, disabled } = index.logs;
  return disabled.flatMap(({ endpointId, reason, atMs }) => {
    if (reason !== 'FAILING') return [{ invariant: 'I26', about: endpointId, said: `disabled because of ${reason}` }];
    const fromMs = atMs - rules.autoDisableAfterMs + undisturbedMs;
    const accepted = requests.find(
      ({ path, status, end, endMs }) =>
        path === `/${endpointId}` &&
        end === 'answered' &&
        status !== null &&
        status < 300 &&
        (endMs ?? 0) > fromMs &&
        (endMs ?? 0) < atMs - undisturbedMs &&
        index.faultsWithin(endMs ?? 0, (endMs ?? 0) + toldWithinMs, losesClaims).length === 0,
    );
    if (accepted === undefined) return [];
    const agoMs = atMs - (accepted.endMs ?? atMs);
    return [{ invariant: 'I26', about: endpointId, said: `disabled ${agoMs.toFixed(0)} ms after it accepted one` }];
  });
}

function endpointOf({ notificationId }: AttemptLine, index: RunIndex): string | undefined {
  return index.notifications.get(notificationId)?.endpointId;
}

function wasDisturbed(atMs: number, index: RunIndex): boolean {
  return index.faultsWithin(atMs - undisturbedMs, atMs, slowsDispatchers).length > 0;
}

function violation(invariant: string, { notificationId, number }: AttemptLine, said: string): Violation {
  return { invariant, about: `${notificationId} ${number}`, said };
}
