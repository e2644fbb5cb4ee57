import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** One request as it arrived. */
export interface ReceivedRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly webhookId: string;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly status: number;
  /** What the npm package `standardwebhooks` says of its signature. */
  readonly signatureValid: boolean;
}

/** Answers a request: a status, or a whole answer of its own. `nth` counts the requests of this webhook-id from 1. */
export type Behaviour = (
  nth: number,
  response: ServerResponse,
  request: IncomingMessage,
) => number | 'own' | Promise<number | 'own'>;

/** Answers as `behaviour` does, this many milliseconds later. */
export function later(ms: number, behaviour: Behaviour = () => 200): Behaviour {
  return async (...request) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return behaviour(...request);
  };
}

const bodyBytesMax = 2 * 1_048_576;

/** A real HTTP server in the place of somebody's endpoint. */
export class WebhookReceiver {
  readonly requests: ReceivedRequest[] = [];
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly secrets = new Map<string, string>();
  private readonly server = createServer((request, response) => void this.receive(request, response));

  static async start(port = 0): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  /** Gives a path its behaviour and the secret its signatures are verified with. */
  on(path: string, secret: string, behaviour: Behaviour = () => 200): string {
    this.behaviours.set(path, behaviour);
    this.secrets.set(path, secret);
    return `http://127.0.0.1:${this.port}${path}`;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  of(path: string): readonly ReceivedRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  /** Requests for a webhook-id that came after one that had been answered 2xx. */
  duplicates(): readonly ReceivedRequest[] {
    const accepted = new Set<string>();
    return this.requests.filter(({ webhookId, status }) => {
      const isDuplicate = accepted.has(webhookId);
      if (status >= 200 && status < 300) accepted.add(webhookId);
      return isDuplicate;
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = Date.now();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const webhookId = headers['webhook-id'] ?? '';
    const nth = this.requests.filter((known) => known.webhookId === webhookId).length + 1;
    const behaviour = this.behaviours.get(path) ?? (() => 404);
    const signatureValid = isSignatureValid(body, headers, this.secrets.get(path));
    const seen = { path, method: request.method ?? '', headers, body, webhookId, atMs, signatureValid };
    const place = this.requests.push({ ...seen, attempt: Number(headers['webhook-attempt']), status: 0 }) - 1;
    const status = await behaviour(nth, response, request);
    this.requests[place] = {
      ...seen,
      attempt: Number(headers['webhook-attempt']),
      status: status === 'own' ? 0 : status,
    };
    if (status !== 'own') response.writeHead(status).end();
  }
}

function isSignatureValid(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  secret: string | undefined,
): boolean {
  if (secret === undefined) return false;
  try {
    new Webhook(secret).verify(body.toString('utf8'), { ...headers }, { jsonParse: false });
    return true;
  } catch {
    return false; // the library says so by throwing
  }
}
