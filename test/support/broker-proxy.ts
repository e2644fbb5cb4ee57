import net from 'node:net';
import { FrameSplitter } from './frame-splitter.js';
import { Stall, type StallSide } from './stall.js';

/** Requests of Kafka's protocol that a test singles out, by their api key. */
export const kafkaApis = {
  ...{ produce: 0, fetch: 1, offsetCommit: 8, findCoordinator: 10, joinGroup: 11, heartbeat: 12, syncGroup: 14 },
} as const;

export type KafkaApi = keyof typeof kafkaApis;

/** How a connection ends: with an RST, or in good order. */
export type Cut = 'reset' | 'end';

/** What becomes of an answer: nothing of it arrives and its connection is reset, or that ends after half of it. */
export type AnswerLoss = 'whole' | 'half';

/** What a proxy does to the requests of one kind. */
type Fault =
  | { readonly kind: 'hold'; readonly held: (() => void)[] }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'lose'; readonly how: AnswerLoss; left: number };

/** Which requests of a client are stopped. */
export interface RequestsOf {
  readonly api: KafkaApi;
  readonly clientId: string;
  /** All of these stand in the request: names of topics, values of headers. */
  readonly holding?: readonly string[];
}

interface RequestStall {
  readonly which: RequestsOf;
  readonly side: StallSide;
  readonly stall: Stall;
}

/** A connection from a client through to the broker. */
interface Link {
  readonly near: net.Socket;
  readonly far: net.Socket;
  /** Its bytes vanish both ways, and neither side learns when the other one goes. */
  dead: boolean;
  /** Requests whose answers are lost, by correlation id. */
  readonly lost: Map<number, AnswerLoss>;
  /** Requests whose answers are stopped, by correlation id. */
  readonly stopped: Map<number, Stall>;
}

const apiKeyAt = 4;
const requestCorrelationAt = 8;
const answerCorrelationAt = 4;
/** Its length in 16 bits comes before it. */
const clientIdAt = 14;

/**
 * Stands between clients and one real broker, which advertises the proxy's port: the network a test can break. It knows
 * just enough of the protocol to tell requests apart.
 */
export class BrokerProxy {
  private readonly links = new Set<Link>();
  private readonly faults = new Map<number, Fault>();
  private readonly stalls = new Set<RequestStall>();
  private readonly seen = new Map<number, number>();
  private server: net.Server | null = null;
  private swallowsNewLinks = false;
  private delayMs = 0;

  private constructor(private readonly brokerPort: number) {}

  /** The broker need not be there yet. */
  static async start(brokerPort: number): Promise<BrokerProxy> {
    const proxy = new BrokerProxy(brokerPort);
    await proxy.listen(0);
    return proxy;
  }

  port = 0;

  get connections(): number {
    return this.links.size;
  }

  /** Requests of a kind that came so far, whatever became of them. */
  requestsOf(api: KafkaApi): number {
    return this.seen.get(kafkaApis[api]) ?? 0;
  }

  /**
   * Everything on today's connections vanishes from now on, both ways, without a close: as when a firewall forgets them.
   * Connections made later work, unless `newOnesToo`, where they are accepted and answered by nobody until `heal`.
   */
  blackHole({ newOnesToo = false } = {}): void {
    this.swallowsNewLinks = newOnesToo;
    for (const link of this.links) link.dead = true;
  }

  /** Connections made from now on work again, faults of single requests end; those in the black hole stay dead. */
  heal(): void {
    this.swallowsNewLinks = false;
    this.delayMs = 0;
    for (const api of [...this.faults.keys()]) this.endFault(api);
  }

  /** Ends today's connections; new ones are taken. */
  cut(how: Cut): void {
    for (const { near, far } of this.links) {
      if (how === 'reset') near.resetAndDestroy();
      else near.end();
      far.destroy();
    }
  }

  /** Ends today's connections and takes no new ones, as a host whose broker is gone. */
  async refuse(how: Cut = 'reset'): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut(how);
    for (const { near } of this.links) near.destroySoon();
    await closed;
  }

  /** Takes connections again after `refuse`. */
  async accept(): Promise<void> {
    if (this.server === null) await this.listen(this.port);
  }

  /** Every frame takes this much longer, both ways, in order. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /**
   * The next `count` requests of this kind are forwarded; when their answer comes it is lost and the connection ended.
   * Says how many are left.
   */
  loseAnswers(api: KafkaApi, count = 1, how: AnswerLoss = 'whole'): { readonly left: number } {
    const fault: Fault = { kind: 'lose', how, left: count };
    this.faults.set(kafkaApis[api], fault);
    return fault;
  }

  /** Requests of this kind wait here; `held` are those that wait. `heal` or `release` forwards them. */
  hold(api: KafkaApi): { readonly held: readonly unknown[] } {
    const held: (() => void)[] = [];
    this.faults.set(kafkaApis[api], { kind: 'hold', held });
    return { held };
  }

  /** Forwards what `hold` kept, and ends the fault. */
  release(api: KafkaApi): void {
    this.endFault(kafkaApis[api]);
  }

  /** Requests of this kind never reach the broker, and nobody answers them. */
  swallow(api: KafkaApi): void {
    this.faults.set(kafkaApis[api], { kind: 'swallow' });
  }

  /** A request of this kind never reaches the broker: its connection is reset. */
  resetOn(api: KafkaApi): void {
    this.faults.set(kafkaApis[api], { kind: 'reset' });
  }

  /** Stops every request of this kind, or its answer, until the stall ends; requests of other kinds pass. */
  stall(which: RequestsOf, side: StallSide): Stall {
    const stall = new Stall(`${which.clientId} is stopped ${side} ${which.api} ${which.holding ?? ''}`);
    this.stalls.add({ which, side, stall });
    return stall;
  }

  /** What is stopped vanishes. */
  dropAll(): void {
    for (const { stall } of this.stalls) stall.drop();
    this.stalls.clear();
  }

  async stop(): Promise<void> {
    this.dropAll();
    this.heal();
    await this.refuse();
  }

  private endFault(api: number): void {
    const fault = this.faults.get(api);
    this.faults.delete(api);
    if (fault?.kind === 'hold') for (const forward of fault.held) forward();
  }

  private async listen(port: number): Promise<void> {
    const server = net.createServer((near) => this.link(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.server = server;
  }

  private link(near: net.Socket): void {
    const far = net.connect({ host: '127.0.0.1', port: this.brokerPort });
    const link: Link = { near, far, dead: this.swallowsNewLinks, lost: new Map(), stopped: new Map() };
    this.links.add(link);
    for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => socket.destroy());
    const requests = new FrameSplitter();
    const answers = new FrameSplitter();
    near.on('data', (chunk: Buffer) => {
      for (const frame of requests.add(chunk)) this.onRequest(link, frame);
    });
    far.on('data', (chunk: Buffer) => {
      for (const frame of answers.add(chunk)) this.onAnswer(link, frame);
    });
    near.on('close', () => {
      this.links.delete(link);
      far.destroy();
    });
    far.on('close', () => {
      if (!link.dead) near.destroySoon();
    });
  }

  private onRequest(link: Link, frame: Buffer): void {
    if (link.dead) return;
    const api = frame.readInt16BE(apiKeyAt);
    this.seen.set(api, (this.seen.get(api) ?? 0) + 1);
    const stopped = this.stoppedBy(api, frame);
    if (stopped?.side === 'before') {
      stopped.stall.keep(() => this.pass(link, link.far, frame));
      stopped.stall.reach();
      return;
    }
    if (stopped !== null) link.stopped.set(frame.readInt32BE(requestCorrelationAt), stopped.stall);
    const fault = this.faults.get(api);
    if (fault?.kind === 'swallow') return;
    if (fault?.kind === 'reset') {
      link.near.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'hold') {
      fault.held.push(() => this.pass(link, link.far, frame));
      return;
    }
    if (fault?.kind === 'lose' && fault.left > 0) {
      fault.left--;
      link.lost.set(frame.readInt32BE(requestCorrelationAt), fault.how);
    }
    this.pass(link, link.far, frame);
  }

  private stoppedBy(api: number, frame: Buffer): RequestStall | null {
    if (this.stalls.size === 0) return null;
    const clientId = frame.toString('utf8', clientIdAt, clientIdAt + Math.max(0, frame.readInt16BE(clientIdAt - 2)));
    const isStopped = ({ which, stall }: RequestStall) =>
      !stall.ended &&
      kafkaApis[which.api] === api &&
      which.clientId === clientId &&
      (which.holding ?? []).every((part) => frame.includes(part));
    return [...this.stalls].find(isStopped) ?? null;
  }

  private onAnswer(link: Link, frame: Buffer): void {
    const stall = link.stopped.get(frame.readInt32BE(answerCorrelationAt));
    if (stall !== undefined && !stall.ended) {
      stall.keep(() => this.pass(link, link.near, frame));
      stall.reach();
      return;
    }
    const lost = link.lost.get(frame.readInt32BE(answerCorrelationAt));
    if (lost === 'whole') link.near.resetAndDestroy();
    else if (lost === 'half') link.near.end(frame.subarray(0, frame.length / 2));
    else this.pass(link, link.near, frame);
  }

  /** What waits here when a connection dies vanishes with it. */
  private pass(link: Link, to: net.Socket, frame: Buffer): void {
    const write = () => {
      if (!link.dead && to.writable) to.write(frame);
    };
    if (this.delayMs === 0) write();
    else setTimeout(write, this.delayMs);
  }
}
