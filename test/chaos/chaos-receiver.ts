import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '#domain/clock';
import { chaosEndpoints } from './chaos-settings.js';
import { answerOf } from './receiver-scripts.js';
import type { SeenRequest } from './run-logs.js';
import { chanceOf } from './seeded-chance.js';

type Entry = { -readonly [K in keyof SeenRequest]: SeenRequest[K] };

const bodyBytesMax = 1_048_576;
const notFound = { kind: 'answer', status: 404, afterMs: 0, headers: {} } as const;

/** A real HTTP server in the place of all endpoints: answers by script, and keeps a line of every request. */
export class ChaosReceiver {
  readonly requests: readonly SeenRequest[];
  private readonly entries: Entry[] = [];
  private readonly webhooks: ReadonlyMap<string, Webhook>;
  private readonly server = createServer((request, response) => void this.receive(request, response));

  private constructor(
    private readonly seed: number,
    secrets: ReadonlyMap<string, string>,
  ) {
    this.requests = this.entries;
    this.webhooks = new Map([...secrets].map(([id, secret]) => [`/${id}`, new Webhook(secret)]));
  }

  /** `secrets`: what is signed with, by the id of the endpoint. */
  static async start(seed: number, secrets: ReadonlyMap<string, string>): Promise<ChaosReceiver> {
    const receiver = new ChaosReceiver(seed, secrets);
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Requests that wait for their answer now. */
  get open(): number {
    return this.entries.reduce((sum, { end }) => sum + (end === 'open' ? 1 : 0), 0);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === null) return; // whoever sent it was gone before its end: nothing was asked
    const entry = this.enter(request, body);
    response.on('error', () => undefined);
    response.on('finish', () => end(entry, 'answered'));
    response.on('close', () => end(entry, 'closed'));
    if (response.destroyed) end(entry, 'closed');
    await this.answer(entry, request, response);
  }

  private enter({ headers, url, method }: IncomingMessage, body: Buffer): Entry {
    const text = (name: string) => String(headers[name] ?? '');
    const path = url ?? '';
    const entry: Entry = {
      ...{ path, method: method ?? '', webhookId: text('webhook-id'), attempt: Number(text('webhook-attempt')) },
      ...{ eventId: eventIdOf(body), atMs: systemClock.nowMs(), timestampS: Number(text('webhook-timestamp')) },
      ...{ bodySha256: createHash('sha256').update(body).digest('hex'), bodyBytes: body.length },
      signatureValid: this.isSigned(path, body, headers),
      idempotencyKey: text('x-notifications-idempotency-key'),
      ...{ status: null, answerBytes: 0, end: 'open', endMs: null },
    };
    this.entries.push(entry);
    return entry;
  }

  private async answer(entry: Entry, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, eventId, attempt } = entry;
    const script = chaosEndpoints.find(({ id }) => path === `/${id}`)?.script;
    const about = `${this.seed} ${path} ${eventId} ${attempt}`;
    const scripted = script === undefined ? notFound : answerOf(script, chanceOf(about), chanceOf(`${about} time`));
    if (scripted.kind === 'hang') return;
    await systemClock.wait(scripted.afterMs);
    if (entry.end !== 'open') return;
    if (scripted.kind === 'reset') {
      end(entry, 'reset');
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

function end(entry: Entry, how: Entry['end']): void {
  if (entry.end !== 'open') return;
  entry.end = how;
  entry.endMs = systemClock.nowMs();
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
