/** Scaled down, so that much happens in a short time; or deadline, lease, sessions and sweep as the apps have them by default. */
export type ChaosTimes = 'scaled' | 'default';

/** The variables of every app that a chaos run sets: milliseconds are scaled down, every rule stays as it is. */
export const chaosSettings = {
  RETRY_SCHEDULE: '1s,1s,2s,3s',
  RETRY_TIERS: '1s,5s',
  RETRY_JITTER: '0.1',
  UNHINTED_DELAY_MS: '1000',
  CIRCUIT_OPEN_MS: '1000',
  CIRCUIT_OPEN_MAX_MS: '4000',
  AUTO_DISABLE_AFTER_MS: '30000',
  AUTO_DISABLE_MIN_ATTEMPTS: '12',
  AUTO_DISABLE_MIN_SPREAD_MS: '10000',
  ATTEMPT_TIMEOUT_MS: '2000',
  CONNECT_TIMEOUT_MS: '1000',
  LEASE_MARGIN_MS: '4000',
  // What waits for Postgres is repeated each second: no lease is judged before that had its chance.
  LEASE_GRACE_MS: '5000',
  SWEEP_INTERVAL_MS: '500',
  SWEEP_GRACE_MS: '4000',
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  KAFKA_HEARTBEAT_MS: '1000',
  KAFKA_REBALANCE_TIMEOUT_MS: '15000',
  DRAIN_TIMEOUT_MS: '15000',
  RESPONSE_READ_BYTES: '65536',
  EGRESS_ALLOW: '127.0.0.1/32',
} as const;

/** What a run sets where it does not scale. An endpoint must have time to fail by deadlines of 15 s before it is switched off. */
const { RETRY_SCHEDULE, RETRY_TIERS, RETRY_JITTER, UNHINTED_DELAY_MS, RESPONSE_READ_BYTES, EGRESS_ALLOW } =
  chaosSettings;
const { CIRCUIT_OPEN_MS, CIRCUIT_OPEN_MAX_MS, AUTO_DISABLE_MIN_ATTEMPTS, AUTO_DISABLE_MIN_SPREAD_MS } = chaosSettings;
const unscaledSettings = {
  ...{ RETRY_SCHEDULE, RETRY_TIERS, RETRY_JITTER, UNHINTED_DELAY_MS, RESPONSE_READ_BYTES, EGRESS_ALLOW },
  ...{ CIRCUIT_OPEN_MS, CIRCUIT_OPEN_MAX_MS, AUTO_DISABLE_MIN_ATTEMPTS, AUTO_DISABLE_MIN_SPREAD_MS },
  AUTO_DISABLE_AFTER_MS: '240000',
} as const;

export function settingsOf(times: ChaosTimes): Readonly<Record<string, string>> {
  return times === 'scaled' ? chaosSettings : unscaledSettings;
}

/** What the checker holds the apps to; the same as above. Times in milliseconds. */
export interface DeliveryRules {
  readonly scheduleMs: readonly number[];
  readonly unhintedDelayMs: number;
  readonly attemptTimeoutMs: number;
  readonly leaseMs: number;
  readonly sessionTimeoutMs: number;
  readonly responseReadBytes: number;
  /** Requests under way to one endpoint. */
  readonly concurrency: number;
  /** An endpoint that has only failed for this long is disabled. */
  readonly autoDisableAfterMs: number;
}

export const chaosRules: DeliveryRules = {
  scheduleMs: [1_000, 1_000, 2_000, 3_000],
  unhintedDelayMs: 1_000,
  attemptTimeoutMs: 2_000,
  leaseMs: 6_000,
  sessionTimeoutMs: 6_000,
  responseReadBytes: 65_536,
  concurrency: 10,
  autoDisableAfterMs: 30_000,
};

export function rulesOf(times: ChaosTimes): DeliveryRules {
  if (times === 'scaled') return chaosRules;
  const byDefault = { attemptTimeoutMs: 15_000, leaseMs: 30_000, sessionTimeoutMs: 20_000 };
  return { ...chaosRules, ...byDefault, autoDisableAfterMs: 240_000 };
}

/** What the 503 asks for, seconds. */
export const retryAfterSeconds = 2;

/** How the receiver answers for an endpoint (`receiver-scripts`). */
export type Script = 'ok' | 'flaky' | 'slow' | 'unavailable' | 'reset' | 'hang' | 'flapping' | 'dead';

/** One endpoint of the run, the template `to-<id>` that leads to it, and of a hundred events those that go there. */
export interface ChaosEndpoint {
  readonly id: string;
  readonly script: Script;
  /** Of a hundred events. */
  readonly weight: number;
  /** Null: the event itself is sent. */
  readonly body: string | null;
  /** No more events a second than this, however fast the load is: what it takes with its places. */
  readonly eventsPerSecondMax?: number;
  /** The same where the deadline is not scaled down: each request that hangs keeps a place for 15 s. */
  readonly eventsPerSecondMaxByDefault?: number;
  /** Its own limit. */
  readonly ratePerSecond?: number;
  /** An operator pauses and resumes it. */
  readonly isPaused?: true;
}

export const chaosTenant = 'chaos';
export const chaosSource = '/chaos/generator';

const rendered = `{"eventId":{{ event.id }},"type":{{ event.type }},"n":{{ event.data.n }},
"text":"{{ event.data.name }} has paid {{ event.data.amount }}","lines":{{ event.data.lines }}}`;

/**
 * The weights are a hundred together. What is held for a circuit goes on in a ramp whose steps take two seconds each: an
 * endpoint that flaps gets no more than it can take while it is up, else a long run would leave ever more behind. The first ones
 * never fail: new events for them tell when a run has recovered.
 */
export const chaosEndpoints: readonly ChaosEndpoint[] = [
  { id: 'ok-1', script: 'ok', weight: 11, body: rendered },
  { id: 'ok-2', script: 'ok', weight: 11, body: null },
  { id: 'ok-3', script: 'ok', weight: 9, body: rendered },
  { id: 'ok-4', script: 'ok', weight: 8, body: rendered },
  { id: 'ok-5', script: 'ok', weight: 8, body: null },
  { id: 'flaky-1', script: 'flaky', weight: 9, body: rendered },
  { id: 'flaky-2', script: 'flaky', weight: 9, body: null },
  { id: 'slow-1', script: 'slow', weight: 6, body: rendered, eventsPerSecondMax: 3 },
  { id: 'slow-2', script: 'slow', weight: 6, body: null, eventsPerSecondMax: 3 },
  { id: 'unavailable', script: 'unavailable', weight: 4, body: rendered, eventsPerSecondMax: 8 },
  { id: 'reset', script: 'reset', weight: 4, body: null, eventsPerSecondMax: 8 },
  { id: 'hang', script: 'hang', weight: 3, body: rendered, eventsPerSecondMax: 3, eventsPerSecondMaxByDefault: 0.1 },
  { id: 'flapping', script: 'flapping', weight: 4, body: rendered, eventsPerSecondMax: 1 },
  { id: 'limited', script: 'ok', weight: 3, body: rendered, eventsPerSecondMax: 1, ratePerSecond: 2 },
  { id: 'paused', script: 'ok', weight: 3, body: null, eventsPerSecondMax: 5, isPaused: true },
  { id: 'dead', script: 'dead', weight: 2, body: rendered, eventsPerSecondMax: 2 },
];

/** Of each endpoint the share of the events that go there, together 1; what is too much for one goes to those that never fail. */
export function sharesAt(ratePerSecond: number, times: ChaosTimes): readonly number[] {
  const capped = chaosEndpoints.map(({ weight, eventsPerSecondMax = Number.POSITIVE_INFINITY, ...more }) => {
    const max = times === 'default' ? (more.eventsPerSecondMaxByDefault ?? eventsPerSecondMax) : eventsPerSecondMax;
    return Math.min(weight / 100, max / ratePerSecond);
  });
  const spare = 1 - capped.reduce((sum, share) => sum + share, 0);
  const takers = chaosEndpoints.filter(isHealthy).length;
  return capped.map((share, i) => share + (isHealthy(chaosEndpoints[i]) ? spare / takers : 0));
}

/** Whether nothing ever delays what is for it but faults. */
export function isHealthy(endpoint: ChaosEndpoint | undefined): boolean {
  return endpoint?.script === 'ok' && endpoint.ratePerSecond === undefined && endpoint.isPaused === undefined;
}

/** An event of this type leads to both. */
export const sharedType = 'chaos.both';
export const sharedEndpoints: readonly string[] = ['ok-1', 'flaky-1'];

export function typeOf(endpointId: string): string {
  return `chaos.${endpointId}`;
}

export function templateOf(endpointId: string): string {
  return `to-${endpointId}`;
}
