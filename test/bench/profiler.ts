import { readFileSync } from 'node:fs';
import { WebSocket } from 'undici';
import type { CpuProfile } from './profile.js';

/** Node chooses the port and says it in the app's log. */
export const inspectorOption = '--inspect=127.0.0.1:0';
const samplingMicroseconds = 250;
const answerMsMax = 60_000;

interface InspectorAnswer {
  readonly id?: number;
  readonly result?: { readonly profile?: CpuProfile };
  readonly error?: { readonly message: string };
}

/** Samples the functions of a running app, by its inspector. */
export class Profiler {
  private readonly waiting = new Map<number, (answer: InspectorAnswer) => void>();
  private calls = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const answer: InspectorAnswer = JSON.parse(String(data));
      const waiting = answer.id === undefined ? undefined : this.waiting.get(answer.id);
      if (answer.id !== undefined) this.waiting.delete(answer.id);
      waiting?.(answer);
    });
  }

  /** Connects to an app that was started with `inspectorOption`. */
  static async connect(logFile: string): Promise<Profiler> {
    const url = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(readFileSync(logFile, 'utf8'))?.[0];
    if (url === undefined) throw new Error(`${logFile} does not say where the inspector listens`);
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true });
    });
    return new Profiler(socket);
  }

  async start(): Promise<void> {
    await this.call('Profiler.enable');
    await this.call('Profiler.setSamplingInterval', { interval: samplingMicroseconds });
    await this.call('Profiler.start');
  }

  async stop(): Promise<CpuProfile> {
    const { result } = await this.call('Profiler.stop');
    await this.call('Profiler.disable');
    if (result?.profile === undefined) throw new Error('the inspector gave no profile');
    return result.profile;
  }

  close(): void {
    this.socket.close();
  }

  private call(method: string, params: object = {}): Promise<InspectorAnswer> {
    const id = ++this.calls;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} was not answered`)), answerMsMax);
      this.waiting.set(id, (answer) => {
        clearTimeout(late);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(`${method}: ${answer.error.message}`));
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
