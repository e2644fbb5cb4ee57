import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';
import { watchedByGuard } from '../../deploy/local/process-guard.js';
import type { AnswerMessage, Calls } from './programs/serve-calls.js';

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A program of the bench in a process of its own, so that its CPU is not the bench's nor the product's. */
export class BenchProcess<C extends Calls> {
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts `programs/<name>.js`; what it prints goes to a file of `folder`. */
  static start<C extends Calls>(name: string, folder: string): BenchProcess<C> {
    const output = openSync(path.join(folder, `${name}.log`), 'a');
    const program = path.join(import.meta.dirname, 'programs', `${name}.js`);
    const child = spawn(process.execPath, [program], { stdio: ['ignore', output, output, 'ipc'], detached: true });
    const started = new BenchProcess<C>(name, child);
    const unwatch = watchedByGuard(child.pid);
    child.on('message', (message: AnswerMessage) => started.hear(message));
    child.once('exit', (code, signal) => {
      unwatch();
      for (const { reject } of started.waiting.values())
        reject(new Error(`the ${name} ended by itself (${code ?? signal}); its words are in ${folder}/${name}.log`));
      started.waiting.clear();
    });
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Rejects with what the program threw, or when it has ended. */
  call<K extends keyof C & string>(call: K, ...[argument]: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    return new Promise((resolve, reject) => {
      if (!this.child.connected) return reject(new Error(`the ${this.name} has ended`));
      const id = this.calls++;
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.child.send({ id, call, argument });
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      this.child.once('exit', () => resolve());
    });
    this.child.kill('SIGKILL');
    await ended;
  }

  private hear(message: AnswerMessage): void {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new Error(`${this.name}: ${message.error}`));
    else waiting?.resolve(message.answer as never);
  }
}
