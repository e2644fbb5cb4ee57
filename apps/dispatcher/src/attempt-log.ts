import type { FinishAnswer } from '#audit/attempts';
import type { Claim } from '#audit/claims';
import type { Delivery } from '#contracts/delivery-record';
import type { AttemptReport } from '#domain/attempt';
import { count, observe } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What is known once an attempt is in the history. */
interface FinishedAttempt {
  readonly delivery: Delivery;
  readonly claim: Claim;
  readonly report: AttemptReport;
  readonly finished: FinishAnswer;
}

/** The one wide line of an attempt, and its metrics. */
export function logAttempt(log: Log, { delivery, claim, report, finished }: FinishedAttempt): void {
  const { outcome, httpStatus, durationMs } = report;
  count('hookline_attempts_total', { outcome: outcome.kind, trigger: claim.trigger });
  observe('hookline_attempt_duration_seconds', durationMs / 1_000, { outcome: outcome.kind });
  log.info('attempt.finished', {
    notificationId: claim.notificationId,
    number: claim.number,
    trigger: claim.trigger,
    tenantId: delivery.tenantId,
    endpointId: delivery.endpointId,
    outcome: outcome.kind,
    reason: outcome.kind === 'failed' ? outcome.reason : undefined,
    httpStatus,
    durationMs: Math.round(durationMs),
    recorded: finished.recorded,
    retryDueMs: finished.retryDueMs,
  });
}
