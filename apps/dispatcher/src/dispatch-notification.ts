/**
 * Delivery -> attempt -> sent | retry | failed.
 *
 * The record's offset is finished after this resolves, so all of it may run twice; the claim lets one run through.
 * Killed between claim and finish: the request may have been seen; the lease runs out, the sweep closes the attempt as
 * `unknown` and asks for the next one, same webhook-id and bytes. Killed after the finish: Postgres knows when the retry
 * is due, and the sweep asks if its record was never written. Postgres away: claims and finishes wait, nothing is sent
 * unrecorded. Stopping: what is not claimed yet is left to the next process, what is claimed is finished.
 */
import type { AttemptStore, FinishAnswer } from '#audit/attempts';
import type { Claim, ClaimStore } from '#audit/claims';
import type { HoldStore } from '#audit/holds';
import { type Delivery, type DeliveryContent, decodeDelivery } from '#contracts/delivery-record';
import type { AttemptReport, FailureReason } from '#domain/attempt';
import type { Clock } from '#domain/clock';
import type { Endpoint } from '#domain/endpoint';
import { Failure } from '#domain/failure';
import { type EndpointKey, endpointKey, type NotificationId } from '#domain/ids';
import type { KafkaRecord, RecordProducer } from '#domain/kafka-record';
import { type NextStep, nextStep, type RetryPolicy } from '#domain/retry-policy';
import { type RetryTier } from '#domain/retry-tier';
import type { Secret } from '#domain/secret';
import { type AttemptRequest, unsent } from '#egress/send-attempt';
import type { Log } from '#telemetry/log';
import { logAttempt } from './attempt-log.js';
import type { CircuitPass, EndpointCircuits } from './endpoint-circuits.js';
import type { EndpointFailures } from './endpoint-failures.js';
import { endpointFor, type FreshRegistry, inItsShard, ownLimits } from './endpoint-for.js';
import type { EndpointLanes, LanePlace } from './endpoint-lanes.js';
import { frozenContent } from './frozen-content.js';
import { givenBack, refuseWhenGivenBack } from './given-back.js';
import { fail, holdAlone, holdInFullLane, moveToItsShard, refuse, sendToTier } from './unattempted.js';

/** What dispatching touches. */
export interface DispatchNotificationDeps {
  readonly registry: FreshRegistry;
  readonly lanes: EndpointLanes;
  readonly circuits: EndpointCircuits;
  readonly failures: EndpointFailures;
  readonly claims: ClaimStore;
  readonly attempts: AttemptStore;
  readonly loadContent: (id: NotificationId) => Promise<DeliveryContent | null>;
  readonly holds: HoldStore;
  readonly refuseItem: (delivery: Delivery) => Promise<void>;
  readonly disableEndpoint: (endpoint: Endpoint, reason: FailureReason) => Promise<void>;
  readonly send: (request: AttemptRequest) => Promise<AttemptReport>;
  readonly tellExhausted: (delivery: Delivery, last: Claim) => void;
  readonly policyOf: (delivery: Delivery, endpoint: Endpoint) => RetryPolicy;
  readonly producer: RecordProducer;
  readonly operatorEventsTopic: string;
  readonly tiers: readonly RetryTier[];
  /** Of endpoints that say nothing. */
  readonly concurrency: number;
  readonly timeouts: { readonly attemptMs: number; readonly leaseMarginMs: number; readonly sendReserveMs: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** A not yet due delivery waits here up to this long, and goes through the shortest tier beyond it. */
const waitInPlaceMsMax = 1_000;
const sent: NextStep = { kind: 'sent' };

/** One record of `deliveries`. Resolves when nothing is left to do for it; throws a Failure otherwise. */
export async function dispatchNotification(
  record: KafkaRecord,
  deps: DispatchNotificationDeps,
  signal: AbortSignal,
): Promise<void> {
  const decoded = decodeDelivery(record);
  if (decoded.kind === 'undecodable') throw new Failure('UNDECODABLE_RECORD', decoded.detail, { retryable: false });
  if (decoded.kind === 'broken') return fail(decoded.notificationId, 'OTHER', decoded.detail, deps);
  const found = await endpointFor(decoded.delivery, deps.registry);
  if (typeof found === 'string') return refuse(decoded.delivery, found, deps);
  const delivery = inItsShard(decoded.delivery, found);
  const key = endpointKey(delivery.tenantId, delivery.endpointId, delivery.shard);
  if (found.paused) return holdAlone(delivery, 'ENDPOINT_PAUSED', deps);
  // Written under another number of shards, to a partition whose owner would give it limits of its own. Never moved twice.
  const mayMove = !decoded.isMoved;
  if (mayMove && delivery.shard !== decoded.delivery.shard) return moveToItsShard(delivery, record.topic, deps);

  const isFresh = delivery.askedBy === 'renderer';
  const place = await deps.lanes.enter(key, { own: ownLimits(found, delivery.shard, deps), isFresh, signal });
  if (place === null) throw givenBack();
  if (typeof place === 'string') return holdInFullLane(delivery, place, deps);
  return dispatchFrom(place, { delivery, key, topic: mayMove ? record.topic : null, signal }, deps);
}

/** What waited for a place, and the topic it may be written to again; null: it was moved before. */
interface Admitted {
  readonly delivery: Delivery;
  readonly key: EndpointKey;
  readonly topic: string | null;
  readonly signal: AbortSignal;
}

/** The wait may have been long: where it goes is decided now. */
async function dispatchFrom(
  place: LanePlace,
  { delivery, key, topic, signal }: Admitted,
  deps: DispatchNotificationDeps,
): Promise<void> {
  try {
    refuseWhenGivenBack(signal);
    const endpoint = await endpointFor(delivery, deps.registry);
    if (typeof endpoint === 'string') return await refuse(delivery, endpoint, deps);
    if (endpoint.paused) return await holdAlone(delivery, 'ENDPOINT_PAUSED', deps);
    place.follow(ownLimits(endpoint, delivery.shard, deps));
    const moved = inItsShard(delivery, endpoint);
    if (topic !== null && moved.shard !== delivery.shard) return moveToItsShard(moved, topic, deps); // without the place
    const pass = deps.circuits.admit(key);
    if (pass === null) return await holdAlone(delivery, 'CIRCUIT_OPEN', deps);
    try {
      const reset = await claimAndSend(delivery, { endpoint, place, pass, signal, mayRepeat: true }, deps);
      // What a reset kept-alive connection swallowed is sent again in place, once, as an attempt of its own.
      if (reset !== null) await claimAndSend(reset, { endpoint, place, pass, signal, mayRepeat: false }, deps);
    } finally {
      pass.leave();
    }
  } finally {
    place.leave();
  }
}

/** Where an attempt goes, and the place it is made from. */
interface AttemptPlace {
  readonly endpoint: Endpoint;
  readonly place: LanePlace;
  readonly pass: CircuitPass;
  /** Aborted when the record's partition is revoked or the process drains. */
  readonly signal: AbortSignal;
  readonly mayRepeat: boolean;
}

/** Answers the delivery of the next attempt when this one met a reset kept-alive connection, which takes no step. */
async function claimAndSend(
  delivery: Delivery,
  to: AttemptPlace,
  deps: DispatchNotificationDeps,
): Promise<Delivery | null> {
  const { endpoint } = to;
  const answer = await openClaim(delivery, endpoint, deps);
  if (answer.kind === 'gone') return null;
  if (answer.kind === 'not-due') {
    if (answer.waitMs > waitInPlaceMsMax) return answer.isHeld ? null : sendToTier(delivery, answer.dueMs, deps);
    await deps.clock.wait(answer.waitMs, to.signal);
    refuseWhenGivenBack(to.signal);
    return claimAndSend(delivery, to, deps);
  }
  const { claim } = answer;
  const report = await sendOnce(delivery, claim, to, deps);
  // The next one's claim may take this one's finish along; where it failed, what it led to comes first.
  const { outcome, httpStatus } = report;
  // Of a delivery of an operator event operators are told nothing, or a failing one would bring forth the next.
  const mayBeTold = claim.sourceTopic !== deps.operatorEventsTopic;
  to.pass.note(report, ownLimits(endpoint, delivery.shard, deps).concurrency, mayBeTold);
  if (mayBeTold || outcome.kind === 'accepted')
    deps.failures.note(endpointKey(endpoint.tenantId, endpoint.id), delivery.notificationId, report);
  if (outcome.kind === 'accepted') to.place.leave();
  const isRepeated = to.mayRepeat && claim.trigger === 'auto' && report.resetOnReusedConnection === true;
  const takesNoStep = isRepeated || report.leaseTooShort === true;
  const end = { outcome, httpStatus, takesNoStep, step: claim.step, ageMs: claim.ageMs };
  const next =
    outcome.kind === 'accepted' ? sent : nextStep(end, deps.policyOf(delivery, endpoint), deps.clock.chance());
  const finished = await deps.attempts.finish({ claim, report, next });
  if (outcome.kind === 'gone') await deps.disableEndpoint(endpoint, 'GONE');
  logAttempt(deps.log, { delivery, claim, report, finished });
  const isExhausted = next.kind === 'failed' && next.reason === 'EXHAUSTED' && claim.trigger === 'auto';
  if (isExhausted && mayBeTold && finished.recorded) deps.tellExhausted(delivery, claim);
  const retry = retryOf(delivery, finished);
  if (retry === null || (isRepeated && !to.signal.aborted)) return retry;
  return sendToTier(retry, finished.retryDueMs ?? 0, deps);
}

function openClaim({ notificationId, ask, askedBy }: Delivery, endpoint: Endpoint, deps: DispatchNotificationDeps) {
  return deps.claims.open({
    notificationId,
    number: ask.kind === 'attempt' ? ask.number : null,
    resendItem: ask.kind === 'resend' ? ask.item : null,
    askedBy,
    url: endpoint.url,
    urlVersion: endpoint.urlVersion,
    leaseMs: (endpoint.attemptTimeoutMs ?? deps.timeouts.attemptMs) + deps.timeouts.leaseMarginMs,
  });
}

/** URL and secrets are those of this moment; only the body is frozen, and other bytes are never sent. */
async function sendOnce(
  delivery: Delivery,
  claim: Claim,
  { endpoint, place }: AttemptPlace,
  deps: DispatchNotificationDeps,
): Promise<AttemptReport> {
  const content = await frozenContent(delivery, claim, deps.loadContent);
  if (content === null) return unsent('PAYLOAD_ERASED', 'the payload is not kept any more');
  const totalTimeoutMs = endpoint.attemptTimeoutMs ?? deps.timeouts.attemptMs;
  const leaseLeftMs = claim.leaseEndsMonotonicMs - deps.clock.monotonicMs();
  if (leaseLeftMs < totalTimeoutMs + deps.timeouts.sendReserveMs)
    return { ...unsent('OTHER', 'too little of the lease was left to send safely'), leaseTooShort: true };
  const key = endpointKey(delivery.tenantId, delivery.endpointId);
  const secrets: readonly Secret[] = deps.registry.current.signingSecrets(key);
  const { notificationId } = delivery;
  const { url } = endpoint;
  const { method, contentType, body } = content;
  const { number: attemptNumber } = claim;
  const request = { url, method, contentType, body, notificationId, attemptNumber, secrets, totalTimeoutMs };
  return place.during(() => deps.send(request), totalTimeoutMs);
}

/** The delivery of the attempt that follows, if one is scheduled. */
function retryOf(delivery: Delivery, { retryDueMs, nextNumber }: FinishAnswer): Delivery | null {
  return retryDueMs === null ? null : { ...delivery, ask: { kind: 'attempt', number: nextNumber }, askedBy: 'tier' };
}
