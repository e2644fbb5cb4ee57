import { count } from '#telemetry/instruments';
import { loadInternal, once } from './client-internals.js';

interface RequestQueueClass {
  readonly prototype: { push(pushed: PushedRequest): void };
}

interface PushedRequest {
  readonly entry: { readonly apiName: string };
}

/** Counts what is asked of the brokers, by the protocol's name of it: each is a write to a socket, which costs 0.2 ms and more. */
export const countRequests = once(() => {
  const queue: RequestQueueClass = loadInternal('kafkajs/src/network/requestQueue');
  const { push } = queue.prototype;
  queue.prototype.push = function (pushed) {
    count('hookline_kafka_requests_total', { api: pushed.entry.apiName });
    push.call(this, pushed);
  };
});
