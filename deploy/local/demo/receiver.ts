import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '#domain/clock';

/** What the receiver has seen. */
export interface ReceiverCounts {
  readonly requests: number;
  readonly signaturesValid: number;
  /** Requests for a webhook-id that had been answered 2xx before. */
  readonly duplicates: number;
}

const bodyBytesMax = 1_048_576;
/** Latencies kept: the newest of so many. */
const latenciesMax = 50_000;
/** An automatic series of the demo ends with attempt 4: what is refused until then goes through when it is re-sent. */
const lastAutomaticAttempt = 4;

/** Stands in the place of somebody's systems: verifies every signature with the npm package `standardwebhooks`. */
export class DemoReceiver {
  /** Webhook-ids that were answered 2xx. */
  readonly accepted = new Set<string>();
  /** From produce to arrival of first attempts, in milliseconds. */
  readonly latenciesMs: number[] = [];
  private readonly counts = { requests: 0, signaturesValid: 0, duplicates: 0 };
  private readonly webhook: Webhook;
  /** Payments seen, by webhook-id, numbered from 0. */
  private readonly payments = new Map<string, number>();
  private readonly server = createServer((request, response) => void this.receive(request, response));

  /** `producedAtMs` says when an event was produced, in milliseconds since the epoch. */
  constructor(
    secret: string,
    private readonly producedAtMs: ReadonlyMap<string, number>,
  ) {
    this.webhook = new Webhook(secret);
  }

  /** Listens on a free loopback port and answers its address, `http://127.0.0.1:port`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  get seen(): ReceiverCounts {
    return { ...this.counts };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = systemClock.nowMs();
    const body = await readBody(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const id = headers['webhook-id'] ?? '';
    const attempt = Number(headers['webhook-attempt']);
    this.counts.requests++;
    if (!this.isValid(body, headers)) {
      response.writeHead(401).end();
      return;
    }
    this.counts.signaturesValid++;
    if (attempt === 1) this.measure(body, atMs);
    const status = this.answerTo(request.url ?? '', id, attempt);
    if (this.accepted.has(id)) this.counts.duplicates++;
    if (status < 300) this.accepted.add(id);
    response.writeHead(status).end();
  }

  private isValid(body: string, headers: Record<string, string>): boolean {
    try {
      this.webhook.verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false; // the package says so by throwing
    }
  }

  private measure(body: string, atMs: number): void {
    const { eventId, id } = JSON.parse(body) as { readonly eventId?: string; readonly id?: string };
    const producedMs = this.producedAtMs.get(eventId ?? id ?? '');
    if (producedMs === undefined) return;
    if (this.latenciesMs.length >= latenciesMax) this.latenciesMs.shift();
    this.latenciesMs.push(atMs - producedMs);
  }

  /** Payments fail in a fixed pattern, the archive is gone for good, the others take everything. */
  private answerTo(path: string, id: string, attempt: number): number {
    if (path.startsWith('/archive')) return 410;
    if (!path.startsWith('/payments')) return 204;
    const n = this.payments.get(id) ?? this.payments.size;
    this.payments.set(id, n);
    const refusals = n % 50 === 2 ? lastAutomaticAttempt : n % 10 === 7 ? 2 : n % 5 === 1 ? 1 : 0;
    return attempt <= refusals ? 503 : 200;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
