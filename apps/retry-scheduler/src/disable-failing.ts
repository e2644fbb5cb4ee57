/**
 * Endpoints that have only failed for days -> warnings, then switched off: what is for them fails with that reason instead
 * of being tried in vain, and can be re-sent. Operators are told before it is done: killed between, the next round does it
 * again, so nothing is done untold. A dispatcher that was killed may not have told of a success: it is looked for before
 * anything is done, and then all begins anew. A warning may be given twice, and so may the notice; an endpoint is switched off once.
 */
import type { StoredFailing } from '#audit/failing-endpoints';
import type { Clock } from '#domain/clock';
import { type AutoDisablePolicy, judgeFailing } from '#domain/failing-endpoint';
import type { EndpointKey } from '#domain/ids';
import type { Log } from '#telemetry/log';

export interface DisableFailingDeps {
  readonly policy: AutoDisablePolicy;
  readonly forgetUnsent: () => Promise<void>;
  readonly loadFailing: () => Promise<readonly StoredFailing[]>;
  readonly noteWarnings: (key: EndpointKey, warnings: number) => Promise<void>;
  /** Whether an answer was accepted later than in the minute of `sinceMs`. */
  readonly hasAcceptedSince: (key: EndpointKey, sinceMs: number) => Promise<boolean>;
  /** Answers whether it was on until now. */
  readonly disable: (key: EndpointKey) => Promise<boolean>;
  readonly forgetFailing: (key: EndpointKey) => Promise<void>;
  /** Tells operators; resolves once it is written, or after a while if it is not. Must not reject. */
  readonly tell: (kind: 'failing' | 'disabled', failing: StoredFailing) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** One round. Throws a Failure while Postgres is away; the next round does the same work. */
export async function disableFailing(deps: DisableFailingDeps): Promise<void> {
  await deps.forgetUnsent();
  const nowMs = deps.clock.nowMs();
  for (const failing of await deps.loadFailing()) {
    const verdict = judgeFailing(failing, deps.policy, nowMs);
    if (verdict.kind === 'nothing') continue;
    if (await deps.hasAcceptedSince(failing.key, failing.sinceMs)) {
      await deps.forgetFailing(failing.key);
      continue;
    }
    if (verdict.kind === 'warn') await warn(failing, verdict.warnings, deps);
    if (verdict.kind === 'disable') await disable(failing, deps);
  }
}

async function warn(failing: StoredFailing, warnings: number, deps: DisableFailingDeps): Promise<void> {
  const { key, sinceMs, attempts } = failing;
  const disabledMs = sinceMs + deps.policy.afterMs;
  deps.log.warn('endpoint.failing', { endpoint: key, sinceMs, attempts, warnings, disabledMs });
  await deps.tell('failing', failing);
  await deps.noteWarnings(key, warnings);
}

async function disable(failing: StoredFailing, deps: DisableFailingDeps): Promise<void> {
  const { key, sinceMs, attempts } = failing;
  await deps.tell('disabled', failing);
  const wasOn = await deps.disable(key);
  if (wasOn) deps.log.error('endpoint.autoDisabled', { endpoint: key, sinceMs, attempts });
  await deps.forgetFailing(key);
}
