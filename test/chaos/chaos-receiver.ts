import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '#domain/clock';
import { chaosEndpoints } from './chaos-settings.js';
import { answerOf } from './receiver-scripts.js';
import { isAccepted } from './run-index.js';
import type { SeenRequest } from './run-logs.js';
import { chanceOf } from './seeded-chance.js';

type Entry = { -readonly [K in keyof SeenRequest]: SeenRequest[K] };

const bodyBytesMax = 1_048_576;
const notFound = { kind: 'answer', status: 404, afterMs: 0, headers: {} } as const;

/** Of the latest requests so many can be asked for once more. */
const latestMax = 1_000;

/** What the receiver is started with. */
export interface ReceiverStart {
  readonly seed: number;
  /** What is signed with, by the id of the endpoint. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Is given each request once it is over. */
  readonly keep: (request: SeenRequest) => void;
}

/** Who sent a request that waits for its answer. */
interface OpenRequest {
  readonly entry: Entry;
  /** The sender's. */
  readonly port: number;
}

/** A real HTTP server in the place of all endpoints: answers by script, and keeps a line of every request. */
export class ChaosReceiver {
  private readonly underWay = new Map<Entry, OpenRequest>();
  private readonly openAt = new Map<string, number>();
  private readonly latest: SeenRequest[] = [];
  private readonly webhooks: ReadonlyMap<string, Webhook>;
  private readonly server = createServer((request, response) => void this.receive(request, response));
  private came = 0;
  private acceptedOf = 0;

  private constructor(private readonly start: ReceiverStart) {
    this.webhooks = new Map([...start.secrets].map(([id, secret]) => [`/${id}`, new Webhook(secret)]));
  }

  static async start(start: ReceiverStart): Promise<ChaosReceiver> {
    const receiver = new ChaosReceiver(start);
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Requests so far. */
  get count(): number {
    return this.came;
  }

  /** Of those the ones that were answered 2xx. */
  get accepted(): number {
    return this.acceptedOf;
  }

  /** Requests that wait for their answer now. */
  get open(): number {
    return this.underWay.size;
  }

  /** Ports that those came from. */
  get openPorts(): readonly number[] {
    return [...this.underWay.values()].map(({ port }) => port);
  }

  /** One of the latest. @param chance 0 <= chance < 1 */
  someOf(chance: number): SeenRequest | undefined {
    return this.latest[Math.floor(chance * this.latest.length)];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Gives away what is still open. */
  keepOpen(): void {
    for (const { entry } of this.underWay.values()) this.start.keep(entry);
    this.underWay.clear();
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === null) return; // whoever sent it was gone before its end: nothing was asked
    const entry = this.enter(request, body);
    response.on('error', () => undefined);
    response.on('finish', () => this.end(entry, 'answered'));
    response.on('close', () => this.end(entry, 'closed'));
    if (response.destroyed) this.end(entry, 'closed');
    await this.answer(entry, request, response);
  }

  private enter({ headers, url, method, socket }: IncomingMessage, body: Buffer): Entry {
    const text = (name: string) => String(headers[name] ?? '');
    const path = url ?? '';
    const open = (this.openAt.get(path) ?? 0) + 1;
    this.openAt.set(path, open);
    const entry: Entry = {
      ...{ path, method: method ?? '', webhookId: text('webhook-id'), attempt: Number(text('webhook-attempt')) },
      ...{ eventId: eventIdOf(body), atMs: systemClock.nowMs(), timestampS: Number(text('webhook-timestamp')) },
      ...{ bodySha256: createHash('sha256').update(body).digest('hex'), bodyBytes: body.length },
      signatureValid: this.isSigned(path, body, headers),
      idempotencyKey: text('x-notifications-idempotency-key'),
      ...{ status: null, answerBytes: 0, end: 'open', endMs: null, open },
    };
    this.underWay.set(entry, { entry, port: socket.remotePort ?? 0 });
    this.latest[this.came++ % latestMax] = entry;
    return entry;
  }

  private end(entry: Entry, how: Entry['end']): void {
    if (entry.end !== 'open' || !this.underWay.delete(entry)) return;
    entry.end = how;
    entry.endMs = systemClock.nowMs();
    this.openAt.set(entry.path, (this.openAt.get(entry.path) ?? 1) - 1);
    if (how === 'answered' && isAccepted(entry.status)) this.acceptedOf++;
    this.start.keep(entry);
  }

  private async answer(entry: Entry, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, eventId, attempt } = entry;
    const script = chaosEndpoints.find(({ id }) => path === `/${id}`)?.script;
    const about = `${this.start.seed} ${path} ${eventId} ${attempt}`;
    const by = { chance: chanceOf(about), other: chanceOf(`${about} time`), nowMs: entry.atMs };
    const scripted = script === undefined ? notFound : answerOf(script, by);
    if (scripted.kind === 'hang') return;
    await systemClock.wait(scripted.afterMs);
    if (entry.end !== 'open') return;
    if (scripted.kind === 'reset') {
      this.end(entry, 'reset');
      request.socket.resetAndDestroy();
      return;
    }
    const { status, headers } = scripted;
    const text = status === 204 ? '' : `${status}\n`;
    entry.status = status;
    entry.answerBytes = text.length;
    response.writeHead(status, headers).end(text);
  }

  private isSigned(path: string, body: Buffer, headers: IncomingMessage['headers']): boolean {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    try {
      this.webhooks.get(path)?.verify(body.toString('utf8'), given, { jsonParse: false });
      return this.webhooks.has(path);
    } catch {
      return false; // the library says so by throwing
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return null; // the connection broke
  }
}

/** Of a rendered body, or of the event itself. */
function eventIdOf(body: Buffer): string | null {
  try {
    const { eventId, id }: { readonly eventId?: unknown; readonly id?: unknown } = JSON.parse(body.toString('utf8'));
    return String(eventId ?? id);
  } catch {
    return null; // no JSON: the checker finds that it is not what was rendered
  }
}
