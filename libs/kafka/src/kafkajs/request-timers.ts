import { type Clock, untilTick } from '#domain/clock';
import { loadInternal, once } from './client-internals.js';

interface RequestQueuePrototype {
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  readonly inflight: ReadonlyMap<number, QueuedRequest>;
  push(pushed: object): void;
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
  queue.prototype.scheduleRequestTimeoutCheck = () => undefined;
  const { push } = queue.prototype;
  queue.prototype.push = function (this: RequestQueuePrototype, pushed: object) {
    if (this.enforceRequestTimeout) looks.follow(this); // before it: a write that throws leaves its request behind as well
    push.call(this, pushed);
  };
});

/**
 * Lets requests without an answer time out, on every connection where something is asked, whatever has become of it: the
 * client leaves off with a connection that it gives up. It looks as long as something is asked.
 */
class SharedLooks {
  private readonly followed = new Set<RequestQueuePrototype>();
  private isLooking = false;

  constructor(private readonly clock: Clock) {}

  follow(queue: RequestQueuePrototype): void {
    this.followed.add(queue);
    if (!this.isLooking) void this.lookRepeatedly();
  }

  private async lookRepeatedly(): Promise<void> {
    this.isLooking = true;
    while (this.followed.size > 0) {
      await untilTick(this.clock, timeoutCheckMs);
      this.look();
    }
    this.isLooking = false;
  }

  private look(): void {
    const nowMs = this.clock.nowMs();
    for (const queue of this.followed) {
      for (const request of queue.inflight.values())
        if (nowMs - request.sentAt > request.requestTimeout) request.timeoutRequest();
      if (queue.inflight.size === 0 && queue.pending.length === 0) this.followed.delete(queue);
    }
  }
}
