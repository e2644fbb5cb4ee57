import type { Clock } from '#domain/clock';
import { loadInternal, once } from './client-internals.js';

interface RequestQueuePrototype {
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  readonly inflight: ReadonlyMap<number, QueuedRequest>;
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
 * looks ten times a second, on each connection, for requests that took longer than 15 s: 0.1 % of a core each. Here one look
 * a second is for all of the process: a timer for each connection would wake it at as many instants.
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
  const looks = new SharedLooks(clock);
  queue.prototype.scheduleRequestTimeoutCheck = function (this: RequestQueuePrototype) {
    if (this.enforceRequestTimeout) looks.follow(this);
  };
  const { destroy } = queue.prototype;
  queue.prototype.destroy = function (this: RequestQueuePrototype) {
    looks.leave(this);
    destroy.call(this);
  };
});

/** Lets requests without an answer time out on every connection followed; the timer lives as long as there is one. */
class SharedLooks {
  private readonly followed = new Set<RequestQueuePrototype>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly clock: Clock) {}

  follow(queue: RequestQueuePrototype): void {
    this.followed.add(queue);
    this.timer ??= setInterval(() => this.look(), timeoutCheckMs);
  }

  leave(queue: RequestQueuePrototype): void {
    this.followed.delete(queue);
    if (this.followed.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    const nowMs = this.clock.nowMs();
    for (const queue of this.followed) {
      for (const request of queue.inflight.values())
        if (nowMs - request.sentAt > request.requestTimeout) request.timeoutRequest();
      if (!queue.isConnected()) queue.destroy();
    }
  }
}
