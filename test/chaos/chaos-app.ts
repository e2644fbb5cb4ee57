import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Environment } from '#runtime/config';
import type { DemoApp, DemoAppName } from '../../deploy/local/demo/demo-apps.js';
import { freePort, hasEnded, startProcess, stopProcess } from '../../deploy/local/local-process.js';
import { topFolder } from '../../deploy/local/run-folder.js';
import type { AppPart } from './chaos-plan.js';

const probeMsMax = 1_000;

/** How an app is started, each time again. */
export interface ChaosAppStart {
  readonly folder: string;
  readonly env: Environment;
  /** An app that ended without being asked. */
  readonly onExit: (app: ChaosApp) => void;
}

/** One app as a process that is killed, frozen, stopped and started again; its log goes on in one file. */
export class ChaosApp {
  private child: ChildProcess | null = null;
  private isWanted = false;

  private constructor(
    readonly part: AppPart,
    readonly httpPort: number,
    private readonly start: ChaosAppStart,
  ) {}

  static async launch(part: AppPart, start: ChaosAppStart): Promise<ChaosApp> {
    const app = new ChaosApp(part, await freePort(), start);
    app.launch();
    return app;
  }

  get name(): DemoAppName {
    return this.part.replace(/-\d$/, '') as DemoAppName;
  }

  get logFile(): string {
    return path.join(this.start.folder, `${this.part}.log`);
  }

  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  /** 0: it was never started. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** The process as the launchers of the demo know it. */
  get running(): DemoApp {
    if (this.child === null) throw new Error(`${this.part} was never started`);
    return { name: this.name, child: this.child, logFile: this.logFile, httpPort: this.httpPort };
  }

  /** Starts it again, as an orchestrator does. Does nothing while it runs. */
  launch(): void {
    if (this.child !== null && !hasEnded(this.child)) return;
    const main = path.join(topFolder, 'dist/apps', this.name, 'src/main.js');
    const env = { ...this.start.env, HTTP_LISTEN: `127.0.0.1:${this.httpPort}` };
    const child = startProcess({ command: process.execPath, args: [main], logFile: this.logFile, env });
    this.child = child;
    this.isWanted = true;
    child.once('exit', () => {
      if (this.isWanted && this.child === child) this.start.onExit(this);
    });
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Whether the process answers at all, ready or not. */
  async isAlive(): Promise<boolean> {
    return (await this.probe('/livez')) !== null;
  }

  /** Ends it and waits for that, SIGKILL after `patienceMs`; answers the exit code, null when it was killed. */
  async end(signal: 'SIGKILL' | 'SIGTERM', patienceMs: number): Promise<number | null> {
    this.isWanted = false;
    if (this.child !== null) await stopProcess(this.child, signal, patienceMs);
    return this.exitCode;
  }

  /** Null: no answer, or not 200. */
  private async probe(page: string): Promise<string | null> {
    try {
      const signal = AbortSignal.timeout(probeMsMax);
      const response = await fetch(`http://127.0.0.1:${this.httpPort}${page}`, { signal });
      const text = await response.text();
      return response.status === 200 ? text : null;
    } catch {
      return null; // it is not there yet
    }
  }
}
