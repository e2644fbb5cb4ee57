/** When a consumer last gave a sign of life; milliseconds on the monotonic clock. */
export interface ConsumerSigns {
  /** False while the group is being formed: nothing is fetched then, and a join may be parked by the coordinator. */
  readonly isReading: boolean;
  /** Since it began to read, or to join. */
  readonly sinceMs: number;
  readonly fetchedMs: number;
  readonly heartbeatMs: number;
}

/** How long it may be silent; milliseconds. */
export interface ConsumerPatience {
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** A verdict over a consumer. */
export type ConsumerState =
  | { readonly kind: 'well' }
  /** No answer for a while; it may come back by itself. */
  | { readonly kind: 'silent' }
  /** It must be built anew. */
  | { readonly kind: 'lost'; readonly cause: string };

/** A fetch ends within a second even when there is nothing to read, and while everything is paused. */
export const fetchSilenceMsMax = 30_000;
const joinGraceMs = 30_000;

/** Judges a consumer by its signs. kafkajs neither notices a vanished broker by itself nor says that it stands still. */
export function judgeConsumer(signs: ConsumerSigns, patience: ConsumerPatience, nowMs: number): ConsumerState {
  const joiningMs = nowMs - signs.sinceMs;
  if (!signs.isReading) {
    const isLost = joiningMs > patience.rebalanceTimeoutMs + joinGraceMs;
    return isLost ? lost(`it has not joined its group for ${seconds(joiningMs)}`) : { kind: 'well' };
  }
  const noFetchMs = nowMs - Math.max(signs.fetchedMs, signs.sinceMs);
  const noHeartbeatMs = nowMs - Math.max(signs.heartbeatMs, signs.sinceMs);
  if (noFetchMs > fetchSilenceMsMax) return lost(`it has fetched nothing for ${seconds(noFetchMs)}`);
  if (noHeartbeatMs > patience.sessionTimeoutMs) return lost(`it has sent no heartbeat for ${seconds(noHeartbeatMs)}`);
  return Math.min(noFetchMs, noHeartbeatMs) > patience.heartbeatMs * 2 ? { kind: 'silent' } : { kind: 'well' };
}

function lost(what: string): ConsumerState {
  return { kind: 'lost', cause: `Kafka: the consumer is built anew, ${what}` };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
