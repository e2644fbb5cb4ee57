import { until } from './until.js';

const reachMsMax = 30_000;

/** A place where a proxy stops traffic, so that a test can kill a process there. */
export class Stall {
  private readonly kept: (() => void)[] = [];
  private isEnded = false;
  private isHere = false;

  constructor(private readonly what: string) {}

  /** Nothing more is stopped here. */
  get ended(): boolean {
    return this.isEnded;
  }

  /** Resolves once something stands here: what was to happen before has happened, and what follows cannot. */
  async reached(): Promise<void> {
    await until(() => this.isHere, { what: this.what, limitMs: reachMsMax });
  }

  /** Forwards what stands here, in order, and stops nothing more. */
  pass(): void {
    this.isEnded = true;
    for (const forward of this.kept.splice(0)) forward();
  }

  /** What stands here vanishes, and nothing more is stopped: its sender was killed, or its connection is cut. */
  drop(): void {
    this.isEnded = true;
    this.kept.length = 0;
  }

  /** For proxies: keeps a piece until it is forwarded. */
  keep(forward: () => void): void {
    this.kept.push(forward);
  }

  /** For proxies: the awaited piece stands here. */
  reach(): void {
    this.isHere = true;
  }
}

/** Before it reaches the server, or after the server has done it, with the answer withheld. */
export type StallSide = 'before' | 'after';
