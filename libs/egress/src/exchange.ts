import type { Dispatcher } from 'undici';
import type { EgressClient } from './egress-client.js';

/** One request on the wire. */
export interface HttpRequest {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly totalTimeoutMs: number;
  /** Whether the deadline is over by the clock: a process that stood still hears of its sockets before its timers. */
  readonly isLate: () => boolean;
}

/** What came back. */
export interface HttpAnswer {
  /** Null: no answer began. */
  readonly status: number | null;
  /** Lower-case names; secrets masked. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first bytes, at most what is kept. */
  readonly body: Buffer;
  /** Bytes read. */
  readonly bytes: number;
  /** What ended it before its time. */
  readonly error: Error | null;
  readonly timedOut: boolean;
  /** It went out on a connection that had carried a request before, and not one byte of an answer came. */
  readonly unansweredOnReusedConnection: boolean;
}

const maskedHeaders: ReadonlySet<string> = new Set([
  'set-cookie',
  'cookie',
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'www-authenticate',
]);
/** Characters of one header value that are kept. */
const headerCharsMax = 1_024;

/** Sends a request and reads the answer, cut at the deadline or the size; always resolves. */
export function exchange(request: HttpRequest, client: EgressClient): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const exchangeHandler = new ExchangeHandler(request, client, resolve);
    const { origin, path, method, headers, body } = request;
    const options = { origin, path, method, headers, body };
    try {
      client.agent.dispatch(options, exchangeHandler);
    } catch (error) {
      exchangeHandler.end(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** undici's callbacks for one request. It ends once, with whatever is known by then. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  private readonly chunks: Buffer[] = [];
  private readonly timer: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | null = null;
  private status: number | null = null;
  private headers: Readonly<Record<string, string>> = {};
  private bytes = 0;
  private ended = false;

  constructor(
    private readonly request: HttpRequest,
    private readonly client: EgressClient,
    private readonly resolve: (answer: HttpAnswer) => void,
  ) {
    this.timer = setTimeout(() => this.cut(true), request.totalTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.request.isLate()) this.end(null, true);
    if (this.ended) controller.abort(new Error('the deadline passed before the request began'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return; // informational: the answer is still to come
    this.status = status;
    this.headers = keptHeaders(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { responseReadBytes, responseStoreBytes } = this.client.settings;
    const kept = Math.min(responseStoreBytes, responseReadBytes);
    if (this.bytes < kept) this.chunks.push(Buffer.from(chunk.subarray(0, kept - this.bytes)));
    this.bytes = Math.min(this.bytes + chunk.length, responseReadBytes);
    if (this.bytes >= responseReadBytes) this.cut(false);
  }

  onResponseEnd(): void {
    this.end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end(error);
  }

  end(error: Error | null, timedOut = false): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    const { status, headers, bytes } = this;
    const unansweredOnReusedConnection = this.client.isUnansweredOnReusedConnection(this.request.body);
    const body = Buffer.concat(this.chunks);
    this.resolve({ status, headers, body, bytes, error, timedOut, unansweredOnReusedConnection });
  }

  /** Ends the attempt first, so that what the abort raises changes nothing any more. */
  private cut(timedOut: boolean): void {
    this.end(null, timedOut);
    this.controller?.abort(new Error('the answer was cut'));
  }
}

function keptHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([given, value]) => {
    const name = given.toLowerCase();
    const text = Array.isArray(value) ? value.join(', ') : (value ?? '');
    return [name, maskedHeaders.has(name) ? '[masked]' : text.slice(0, headerCharsMax)];
  });
  return Object.fromEntries(entries);
}
