import { createHmac } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import { epochMs } from '../bench-clock.js';

/** One signed request. */
export interface BareRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Requests under way at once, each on a kept-alive connection of its own. */
export const requestsMax = 256;
const forgetRequests = 4_096;
const signingKey = Buffer.alloc(32, 7);

/** Signs as Standard Webhooks wants it and as the product does. */
export function signed(id: string, body: Buffer, path: string): BareRequest {
  const timestamp = String(Math.floor(epochMs() / 1_000));
  const mac = createHmac('sha256', signingKey).update(`${id}.${timestamp}.`).update(body).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'bare',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac}`,
    'webhook-attempt': '1',
  };
  return { path, headers, body };
}

/** Sends with `undici.dispatch`, its cheapest way; what finds no connection free waits in a list. */
export class BareSender {
  private readonly agent = new Agent({ connections: requestsMax, pipelining: 1, keepAliveTimeout: 600_000 });
  private readonly waiting: { readonly request: BareRequest; readonly done: (status: number) => void }[] = [];
  private next = 0;
  private underWay = 0;

  constructor(private readonly origins: readonly string[]) {}

  /** `done` hears the status, 0 when no answer came. */
  send(request: BareRequest, done: (status: number) => void): void {
    this.waiting.push({ request, done });
    this.start();
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private start(): void {
    while (this.underWay < requestsMax && this.next < this.waiting.length) {
      const { request, done } = this.waiting[this.next++] as (typeof this.waiting)[number];
      this.forgetStarted();
      this.underWay++;
      this.agent.dispatch(
        { origin: this.originOf(request.path), method: 'POST', ...request },
        new StatusHandler((status) => {
          this.underWay--;
          done(status);
          this.start();
        }),
      );
    }
  }

  /** Paths are `/e<k>`. */
  private originOf(path: string): string {
    return this.origins[Number(path.slice('/e'.length)) % this.origins.length] ?? '';
  }

  /** In heaps: one at a time would move the whole list each time. */
  private forgetStarted(): void {
    if (this.next < forgetRequests) return;
    this.waiting.splice(0, this.next);
    this.next = 0;
  }
}

class StatusHandler implements Dispatcher.DispatchHandler {
  private status = 0;

  constructor(private readonly done: (status: number) => void) {}

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.done(this.status);
  }

  onResponseError(): void {
    this.done(0);
  }
}
