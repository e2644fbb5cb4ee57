import path from 'node:path';
import { systemClock } from '#domain/clock';
import { startProcess } from '../../deploy/local/local-process.js';
import type { ChaosApp } from './chaos-app.js';
import type { AppPart, Lane, PlannedFault } from './chaos-plan.js';
import type { InjectedFault } from './run-logs.js';

/** A server that can be ended and brought back, and the way to it that can be broken. */
export interface BreakableServer {
  crash(): Promise<void>;
  revive(): Promise<void>;
  /** Resets today's connections. */
  cut(): void;
  /** Every piece takes so much longer both ways; 0 ends it. */
  delay(ms: number): void;
}

/** What faults happen to. */
export interface FaultParts {
  readonly apps: ReadonlyMap<AppPart, ChaosApp>;
  readonly servers: Readonly<Record<'kafka' | 'postgres', BreakableServer>>;
  /** The answers of the next so many Produce requests are lost. */
  readonly loseAnswers: (count: number) => void;
  readonly endLosses: () => void;
  /** Attempts that are open now; null when Postgres does not say so at once. */
  readonly openClaims: () => Promise<number | null>;
  /** Requests of this process that wait for their answer now. */
  readonly openRequestsOf: (pid: number) => number;
  readonly folder: string;
  readonly say: (line: string) => void;
  /** No fault begins any more, and those under way end at once. */
  readonly signal: AbortSignal;
  /** Nothing is started any more. */
  readonly ended: AbortSignal;
}

const cutEveryMs = 600;
const slowByMs = 150;
const answersLost = 3;
const busyPrograms = 2;
/** A process that has not begun yet is given so long: killed in its first moments it is none of ours to judge. */
const aliveMsMax = 15_000;
/** A dispatcher that has nothing in its hands is given so long to take something. */
const busyMsMax = 8_000;
const lookMs = 100;
/** What arrives on the way while a process stands still has arrived after this. */
const arrivedMs = 20;
/** Longer than `DRAIN_TIMEOUT_MS` and what it takes to close. */
const stopMsMax = 30_000;
/** An app that ended by itself is started again after this, as an orchestrator does. */
const restartMs = 500;

/** Carries out a plan, each lane for itself, and keeps what was done when. */
export class FaultInjector {
  private readonly done: InjectedFault[] = [];
  private readonly current = new Map<Lane, PlannedFault>();

  private readonly ending = new AbortController();
  /** No fault begins any more, and those under way end at once. */
  private readonly signal: AbortSignal;

  constructor(private readonly parts: FaultParts) {
    this.signal = AbortSignal.any([parts.signal, this.ending.signal]);
  }

  get faults(): readonly InjectedFault[] {
    return this.done;
  }

  /** What is broken now, in words. */
  get now(): readonly string[] {
    return [...this.current.values()].map(({ kind, part }) => `${kind} ${part}`);
  }

  /**
   * Resolves when the last fault is healed. A fault that takes longer than planned moves those behind it; what would then last
   * past `endMs` is left out.
   */
  async run(plan: readonly PlannedFault[], endMs: number): Promise<void> {
    const startMs = systemClock.monotonicMs();
    const passedMs = () => systemClock.monotonicMs() - startMs;
    const lanes = (['apps', 'servers'] as const).map(async (lane) => {
      for (const fault of plan.filter((planned) => planned.lane === lane)) {
        await this.wait(fault.atMs - passedMs());
        if (this.signal.aborted) return;
        if (passedMs() + fault.forMs <= endMs) await this.inject(fault);
      }
    });
    await Promise.all(lanes);
  }

  /** One fault after the other, each `everyMs` after the one before, or when that is healed. Resolves when all has ended. */
  async runEvery(faults: Iterable<PlannedFault>, everyMs: number): Promise<void> {
    const startMs = systemClock.monotonicMs();
    let round = 1;
    for (const fault of faults) {
      await this.wait(round * everyMs - (systemClock.monotonicMs() - startMs));
      if (this.signal.aborted) return;
      await this.inject(fault);
      round = Math.max(round + 1, Math.ceil((systemClock.monotonicMs() - startMs) / everyMs));
    }
  }

  /** Heals what is broken, and breaks nothing more. */
  end(): void {
    this.ending.abort();
  }

  /** Writes down an app that ended by itself, and starts it again. */
  async restartLost(app: ChaosApp): Promise<void> {
    const atMs = systemClock.nowMs();
    const { part, exitCode } = app;
    this.parts.say(`${part} ended by itself (${exitCode}); its log is ${app.logFile}`);
    this.done.push({ kind: 'exit', part, fromMs: atMs, untilMs: atMs, claimsOpen: null, exitCode });
    await systemClock.wait(restartMs, this.parts.ended);
    if (!this.parts.ended.aborted) app.launch();
  }

  private async inject(fault: PlannedFault): Promise<void> {
    const { kind, part, lane, forMs } = fault;
    if (fault.lane === 'apps') await this.untilAlive(fault.part as AppPart);
    this.current.set(lane, fault);
    const fromMs = systemClock.nowMs();
    this.parts.say(`${kind} ${part}, for ${(forMs / 1_000).toFixed(1)} s`);
    const said = await this.carryOut(fault);
    this.done.push({ kind, part, fromMs, untilMs: systemClock.nowMs(), claimsOpen: null, ...said });
    this.current.delete(lane);
  }

  /** Resolves when it is healed. */
  private async carryOut(fault: PlannedFault): Promise<Partial<InjectedFault>> {
    switch (fault.kind) {
      case 'kill':
      case 'freeze':
        return this.killOrFreeze(this.app(fault.part), fault);
      case 'stop':
        return this.stop(this.app(fault.part), fault);
      case 'restart':
        await this.restart(this.parts.servers[fault.part], fault);
        return {};
      case 'cut':
        await this.cut(this.parts.servers[fault.part], fault);
        return {};
      case 'slow':
        this.parts.servers[fault.part].delay(slowByMs);
        await this.wait(fault.forMs);
        this.parts.servers[fault.part].delay(0);
        return {};
      case 'lose-answers':
        this.parts.loseAnswers(answersLost);
        await this.wait(fault.forMs);
        this.parts.endLosses();
        return {};
      case 'starve':
        await this.starve(fault);
        return {};
    }
  }

  /**
   * It stands still before it is killed, so that what it had under way can be counted: a dispatcher that has no request out is
   * let go again and caught a moment later.
   */
  private async killOrFreeze(app: ChaosApp, { kind, forMs }: PlannedFault): Promise<Partial<InjectedFault>> {
    const requestsOpen = app.name === 'dispatcher' ? await this.caught(app) : null;
    app.freeze();
    const fromMs = systemClock.nowMs();
    const claimsOpen = app.name === 'dispatcher' ? await this.parts.openClaims() : null;
    if (kind === 'kill') await app.end('SIGKILL', stopMsMax);
    await this.wait(forMs);
    if (kind === 'kill') app.launch();
    else app.thaw();
    return { claimsOpen, requestsOpen, fromMs };
  }

  /** Stands still with requests out, unless it has none for `busyMsMax`. Answers how many. */
  private async caught(app: ChaosApp): Promise<number> {
    let open = 0;
    await this.until(async () => {
      app.freeze();
      await systemClock.wait(arrivedMs);
      open = this.parts.openRequestsOf(app.pid);
      if (open === 0) app.thaw();
      return open > 0;
    }, busyMsMax);
    return open;
  }

  private async stop(app: ChaosApp, { forMs }: PlannedFault): Promise<Partial<InjectedFault>> {
    const exitCode = await app.end('SIGTERM', stopMsMax);
    await this.wait(forMs);
    app.launch();
    return { exitCode };
  }

  private async restart(server: BreakableServer, { forMs }: PlannedFault): Promise<void> {
    await server.crash();
    await this.wait(forMs);
    await server.revive();
  }

  private async cut(server: BreakableServer, { forMs }: PlannedFault): Promise<void> {
    for (let leftMs = forMs; leftMs > 0 && !this.signal.aborted; leftMs -= cutEveryMs) {
      server.cut();
      await this.wait(Math.min(leftMs, cutEveryMs));
    }
  }

  /** They end by themselves. */
  private async starve({ forMs }: PlannedFault): Promise<void> {
    const program = path.join(import.meta.dirname, 'programs', 'busy.js');
    const logFile = path.join(this.parts.folder, 'busy.log');
    const args = [program, String(forMs)];
    for (let n = 0; n < busyPrograms; n++) startProcess({ command: process.execPath, args, logFile });
    await this.wait(forMs);
  }

  private async untilAlive(part: AppPart): Promise<void> {
    await this.until(() => this.app(part).isAlive(), aliveMsMax);
  }

  private async until(look: () => Promise<boolean>, limitMs: number): Promise<void> {
    const endMs = systemClock.monotonicMs() + limitMs;
    while (systemClock.monotonicMs() < endMs && !this.signal.aborted && !(await look())) await this.wait(lookMs);
  }

  private app(part: AppPart): ChaosApp {
    const app = this.parts.apps.get(part);
    if (app === undefined) throw new Error(`there is no ${part}`);
    return app;
  }

  private async wait(ms: number): Promise<void> {
    if (ms > 0) await systemClock.wait(ms, this.signal);
  }
}
