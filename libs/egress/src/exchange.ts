import type { Dispatcher } from 'undici';
import type { AttemptPhases, ResponseCut } from '#domain/attempt';
import type { Secret } from '#domain/secret';
import type { EgressClient, Sending, Sent, WireReport } from './egress-client.js';
import { keptHeaders, maskedAnswer } from './masked-answer.js';

/** One request on the wire. */
export interface HttpRequest {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What signs it: the answer is kept without them. */
  readonly secrets: readonly Secret[];
  readonly totalTimeoutMs: number;
  /** Milliseconds since the attempt's first step, by the clock: a process that stood still hears of its sockets before its timers. */
  readonly elapsedMs: () => number;
}

/** What came back. */
export interface HttpAnswer {
  /** Null: no answer began. */
  readonly status: number | null;
  /** Lower-case names; secrets masked. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first bytes, at most what is kept; secrets of the request overwritten. */
  readonly body: Buffer;
  /** Bytes read. */
  readonly bytes: number;
  /** What ended it before its time. */
  readonly error: Error | null;
  readonly timedOut: boolean;
  /** More informational answers than anybody needs came before one with a status. */
  readonly isFlood: boolean;
  /** Why the body is not whole; null: it is, or no answer began. */
  readonly cut: ResponseCut | null;
  /** When the answer, or an informational one, began: milliseconds since the first step; null: none did. */
  readonly firstByteMs: number | null;
  readonly wire: WireReport;
}

const noBytes = Buffer.alloc(0);
/** Answers 1xx (RFC 9110, 15.2) to one request; a receiver that says every second that it works stays below. */
const informationalMax = 100;

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
class ExchangeHandler implements Dispatcher.DispatchHandler, Sending {
  sent: Sent | null = null;
  private readonly chunks: Buffer[] = [];
  private readonly timer: NodeJS.Timeout;
  private status: number | null = null;
  private headers: Readonly<Record<string, string>> = {};
  private bytes = 0;
  private informational = 0;
  private firstByteMs: number | null = null;
  private ended = false;

  constructor(
    private readonly request: HttpRequest,
    private readonly client: EgressClient,
    private readonly resolve: (answer: HttpAnswer) => void,
  ) {
    this.timer = setTimeout(() => this.end(null, 'deadline'), request.totalTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.request.elapsedMs() >= this.request.totalTimeoutMs) this.end(null, 'deadline');
    if (this.ended) controller.abort(new Error('the deadline passed before the request began'));
    else this.client.beginExchange(this);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.firstByteMs ??= this.request.elapsedMs();
    if (status < 200) {
      // Informational: the answer is still to come.
      if (++this.informational > informationalMax) this.end(null, 'flood');
      return;
    }
    this.status = status;
    this.headers = keptHeaders(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { responseReadBytes, responseStoreBytes } = this.client.settings;
    const kept = Math.min(responseStoreBytes, responseReadBytes);
    if (this.bytes < kept) this.chunks.push(Buffer.from(chunk.subarray(0, kept - this.bytes)));
    this.bytes = Math.min(this.bytes + chunk.length, responseReadBytes);
    if (this.bytes >= responseReadBytes) this.end(null, 'size');
  }

  onResponseEnd(): void {
    this.end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end(error);
  }

  end(error: Error | null, by: CutBy | null = null): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    const { status, headers, bytes, firstByteMs } = this;
    const wire = this.client.endExchange(this, { error, isCut: by !== null });
    const [only = noBytes, ...others] = this.chunks;
    const body = others.length === 0 ? only : Buffer.concat(this.chunks);
    const cut = status === null ? null : cutOf(error, by);
    const [timedOut, isFlood] = [by === 'deadline', by === 'flood'];
    // Written out: a copy with further fields is a hash table, and this one waits for its finish.
    const answer = { status, headers, body, bytes, error, timedOut, isFlood, cut, firstByteMs, wire };
    this.resolve(maskedAnswer(answer, this.request));
  }
}

/** What made us end it. */
type CutBy = 'deadline' | 'size' | 'flood';

function cutOf(error: Error | null, by: CutBy | null): ResponseCut | null {
  if (by === 'deadline' || by === 'size') return by;
  return error === null ? null : 'broken';
}

/** A kept-alive connection was opened for somebody else: only its peer is this attempt's. */
export function phasesOf({ firstByteMs, wire }: HttpAnswer): AttemptPhases {
  const { dnsMs = null, connectMs = null, tlsMs = null, peerAddress = null } = wire.phases ?? {};
  if (wire.isReused) return { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs, peerAddress };
  return { dnsMs, connectMs, tlsMs, firstByteMs, peerAddress };
}
