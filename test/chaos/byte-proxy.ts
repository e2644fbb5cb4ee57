import net from 'node:net';

/** Stands between clients and one server of whatever protocol: connections can be cut, and every piece can come later. */
export class ByteProxy {
  private readonly links = new Set<readonly [net.Socket, net.Socket]>();
  private readonly pipes = new Set<DelayedPipe>();
  private readonly server = net.createServer((near) => this.link(near));
  private delayMs = 0;

  private constructor(private readonly serverPort: number) {}

  static async start(serverPort: number): Promise<ByteProxy> {
    const proxy = new ByteProxy(serverPort);
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject);
      proxy.server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Pieces that wait here now. */
  get held(): number {
    return [...this.pipes].reduce((sum, { held }) => sum + held, 0);
  }

  /** Resets today's connections: what is on the way is lost, in both directions. New ones are taken. */
  cut(): void {
    for (const [near, far] of this.links) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Every piece takes this much longer from now on, both ways, in order. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  private link(near: net.Socket): void {
    const far = net.connect({ host: '127.0.0.1', port: this.serverPort });
    const pair = [near, far] as const;
    this.links.add(pair);
    for (const socket of pair) socket.setNoDelay(true).on('error', () => socket.destroy());
    const delayMs = () => this.delayMs;
    const pipes = [new DelayedPipe(near, far, delayMs), new DelayedPipe(far, near, delayMs)];
    for (const pipe of pipes) this.pipes.add(pipe);
    near.on('close', () => {
      this.links.delete(pair);
      for (const pipe of pipes) this.pipes.delete(pipe);
      far.destroy();
    });
    far.on('close', () => near.destroySoon());
  }
}

/** One direction of a connection. What was delayed is never overtaken, also not when the delay ends. */
class DelayedPipe {
  private readonly waiting: { readonly atMs: number; readonly chunk: Buffer }[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    from: net.Socket,
    private readonly to: net.Socket,
    delayMs: () => number,
  ) {
    from.on('data', (chunk: Buffer) => {
      this.waiting.push({ atMs: performance.now() + delayMs(), chunk });
      this.writeDue();
      if (to.writableNeedDrain) from.pause();
    });
    to.on('drain', () => from.resume());
  }

  get held(): number {
    return this.waiting.length;
  }

  private writeDue(): void {
    const [first] = this.waiting;
    if (first === undefined || this.timer !== null) return;
    const leftMs = first.atMs - performance.now();
    if (leftMs > 0) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.writeDue();
      }, leftMs);
      return;
    }
    this.waiting.shift();
    if (this.to.writable) this.to.write(first.chunk);
    this.writeDue();
  }
}
