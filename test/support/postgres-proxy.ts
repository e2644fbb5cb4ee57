import net from 'node:net';
import { type FrameShape, FrameSplitter } from './frame-splitter.js';
import { Stall, type StallSide } from './stall.js';

/** Which statements of an app are stopped. */
export interface StatementsOf {
  /** Its `application_name`. */
  readonly app: string;
  /** Stands in the statement. */
  readonly text: string;
  /** All of these stand in its parameters. */
  readonly holding?: readonly string[];
}

interface StatementStall {
  readonly which: StatementsOf;
  readonly side: StallSide;
  readonly stall: Stall;
}

/** A connection from a client through to the server. */
interface Session {
  readonly near: net.Socket;
  readonly far: net.Socket;
  /** Null until it has said its name. */
  app: string | null;
  /** Texts of what it prepared, by name. */
  readonly prepared: Map<string, string>;
  /** What stops its requests, or its answers. */
  stopped: StatementStall | null;
}

/** PostgreSQL's protocol 3.0 ("Message Formats"): a length that counts itself, after the first frame with a type before it. */
const startupFrame: FrameShape = { lengthAt: 0, uncounted: 0 };
const typedFrames: FrameShape = { lengthAt: 1, uncounted: 1 };
const bodyAt = 5;
const types = { parse: 0x50, bind: 0x42, query: 0x51, readyForQuery: 0x5a } as const;

/** Stands between clients and one Postgres, without TLS: statements can be stopped on either side, connections cut. */
export class PostgresProxy {
  private readonly sessions = new Set<Session>();
  /** Those that have stopped nothing yet. */
  private readonly waiting = new Set<StatementStall>();
  private readonly stalls: Stall[] = [];
  private server: net.Server | null = null;
  private port = 0;

  private constructor(private readonly url: URL) {}

  /** @param url of the server */
  static async start(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(url));
    await proxy.accept();
    return proxy;
  }

  /** The server's URL, through the proxy. */
  get throughUrl(): string {
    const through = new URL(this.url);
    through.hostname = '127.0.0.1';
    through.port = String(this.port);
    return through.toString();
  }

  /** Stops the first statement of this kind, and whatever its connection says after it; others pass. */
  stall(which: StatementsOf, side: StallSide): Stall {
    const stall = new Stall(`${which.app} is stopped ${side} ${which.text} ${which.holding ?? ''}`);
    this.waiting.add({ which, side, stall });
    this.stalls.push(stall);
    return stall;
  }

  /** What is stopped vanishes. */
  dropAll(): void {
    for (const stall of this.stalls.splice(0)) stall.drop();
    this.waiting.clear();
  }

  /** Resets the connections of an app, or of all: it learns nothing of what became of its statements. New ones are taken. */
  cut(app: string | null = null): void {
    for (const { near, far, app: owner } of this.sessions) {
      if (app !== null && owner !== app) continue;
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Resets every connection and takes none. */
  async refuse(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut();
    await closed;
  }

  /** Takes connections, again after `refuse` on the same port. */
  async accept(): Promise<void> {
    const server = net.createServer((near) => this.open(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.server = server;
  }

  async stop(): Promise<void> {
    this.dropAll();
    await this.refuse();
  }

  private open(near: net.Socket): void {
    const far = net.connect({ host: this.url.hostname, port: Number(this.url.port || 5_432) });
    const session: Session = { near, far, app: null, prepared: new Map(), stopped: null };
    this.sessions.add(session);
    for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => socket.destroy());
    const requests = new FrameSplitter(startupFrame);
    const answers = new FrameSplitter(typedFrames);
    near.on('data', (chunk: Buffer) => {
      for (const frame of requests.add(chunk)) {
        if (session.app === null) requests.become(typedFrames);
        this.onRequest(session, frame);
      }
    });
    far.on('data', (chunk: Buffer) => {
      for (const frame of answers.add(chunk)) this.onAnswer(session, frame);
    });
    near.on('close', () => {
      this.sessions.delete(session);
      far.destroy();
    });
    far.on('close', () => near.destroySoon());
  }

  private onRequest(session: Session, frame: Buffer): void {
    if (session.app === null) session.app = applicationName(frame);
    else if (session.stopped?.stall.ended !== false) session.stopped = this.stoppedBy(session, frame);
    const { stopped, far } = session;
    if (stopped?.side === 'before') {
      stopped.stall.keep(() => pass(frame, far));
      stopped.stall.reach();
    } else pass(frame, far);
  }

  private onAnswer({ stopped, near }: Session, frame: Buffer): void {
    if (stopped?.side === 'after' && !stopped.stall.ended) {
      stopped.stall.keep(() => pass(frame, near));
      if (frame[0] === types.readyForQuery) stopped.stall.reach();
    } else pass(frame, near);
  }

  /** The stall that this frame begins; it begins none for others. */
  private stoppedBy({ app, prepared }: Session, frame: Buffer): StatementStall | null {
    const text = statementOf(frame, prepared);
    if (text === null) return null;
    for (const one of this.waiting) {
      const { which } = one;
      const holds = (which.holding ?? []).every((part) => frame.includes(part));
      if (which.app !== app || !text.includes(which.text) || !holds) continue;
      this.waiting.delete(one);
      return one;
    }
    return null;
  }
}

function pass(frame: Buffer, to: net.Socket): void {
  if (to.writable) to.write(frame);
}

/** The statement that a frame runs; null: it runs none. */
function statementOf(frame: Buffer, prepared: Map<string, string>): string | null {
  const [first = '', second = ''] = frame.subarray(bodyAt).toString('latin1').split('\0', 2);
  if (frame[0] === types.parse) prepared.set(first, second);
  if (frame[0] === types.query) return first;
  return frame[0] === types.bind ? (prepared.get(second) ?? null) : null;
}

function applicationName(startup: Buffer): string {
  const fields = startup.toString('utf8').split('\0');
  return fields[fields.indexOf('application_name') + 1] ?? '';
}
