import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { freePort } from '../../deploy/local/local-process.js';
import { until } from './until.js';

/** One app as a process of its own. */
export class TestApp {
  readonly lines: string[] = [];
  private child: ChildProcess | null = null;

  private constructor(
    readonly name: string,
    readonly httpPort: number,
    private readonly env: Readonly<Record<string, string>>,
    private readonly node: string,
  ) {}

  /** `node` is the program that runs it; this very one when absent. */
  static async start(name: string, env: Readonly<Record<string, string>>, node = process.execPath): Promise<TestApp> {
    const httpPort = await freePort();
    const app = new TestApp(name, httpPort, { ...env, HTTP_LISTEN: `127.0.0.1:${httpPort}` }, node);
    app.launch();
    return app;
  }

  /** Starts the process again, as an orchestrator does after a kill. */
  launch(): void {
    const child = spawn(this.node, [`dist/apps/${this.name}/src/main.js`], {
      env: { PATH: process.env['PATH'] ?? '', ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) this.collect(stream);
    this.child = child;
  }

  /** A chunk may end within a line. */
  private collect(stream: Readable): void {
    let begun = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${begun}${chunk}`.split('\n');
      begun = lines.pop() ?? '';
      this.lines.push(...lines.filter((line) => line !== ''));
    });
    stream.on('end', () => void (begun !== '' && this.lines.push(begun)));
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** The status and body of a probe; status 0 when nobody answers. */
  async probe(path: string): Promise<{ readonly status: number; readonly body: string }> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.httpPort}${path}`);
      return { status: response.status, body: await response.text() };
    } catch {
      return { status: 0, body: '' };
    }
  }

  async ready(limitMs = 60_000): Promise<void> {
    const what = `${this.name} is ready`;
    try {
      await until(async () => (await this.probe('/readyz')).status === 200, { what, limitMs });
    } catch (error) {
      throw new Error(`${String(error)}\n${(await this.probe('/readyz')).body}\n${this.lines.slice(-15).join('\n')}`);
    }
  }

  /** Sends a signal and resolves with the exit code; null after SIGKILL. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const ended = this.ended();
    this.child?.kill(signal);
    return ended;
  }

  /** Resolves with the exit code once the process has ended; null when it was killed. */
  async ended(): Promise<number | null> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code));
    });
  }
}
