import type { Clock } from '#domain/clock';
import { loadInternal, once } from './client-internals.js';

interface RequestQueuePrototype {
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  readonly inflight: ReadonlyMap<number, QueuedRequest>;
  requestTimeoutIntervalId: NodeJS.Timeout | null;
  readonly isConnected: () => boolean;
  destroy(): void;
  scheduleRequestTimeoutCheck(): void;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly throttledUntil: number;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

interface QueuedRequest {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

const throttleCheckMs = 10;
const timeoutCheckMs = 1_000;

/**
 * kafkajs 2.2.4 re-arms a 1 ms timer for ever while nothing is pending (its issue 1751): 5 % of a core per process. And it
 * looks ten times a second, on each connection, for requests that took longer than 15 s: 0.1 % of a core each.
 */
export const stopIdleTimers = once((clock: Clock) => {
  const queue: { readonly prototype: RequestQueuePrototype } = loadInternal('kafkajs/src/network/requestQueue');
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueuePrototype) {
    if (this.throttleCheckTimeoutId !== null && this.throttleCheckTimeoutId !== undefined) return;
    const throttledMs = this.throttledUntil - clock.nowMs();
    if (throttledMs <= 0 && this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs <= 0 ? throttleCheckMs : throttledMs,
    );
  };
  queue.prototype.scheduleRequestTimeoutCheck = function (this: RequestQueuePrototype) {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(
      () => {
        for (const request of this.inflight.values())
          if (clock.nowMs() - request.sentAt > request.requestTimeout) request.timeoutRequest();
        if (!this.isConnected()) this.destroy();
      },
      Math.min(this.requestTimeout, timeoutCheckMs),
    );
  };
});
