import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'vitest';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { freePort } from '../../deploy/local/local-process.js';
import { allPages, snippetsOf, topFolder } from './markdown.js';
import { adminQuery, databaseUrlOf } from './test-database.js';
import { until } from './until.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** What the README's shell waits for before it runs the snippet that stops the apps. */
const allReady = 'every app is ready';

/** What a shell said. */
export interface ShellEnd {
  readonly exitCode: number | null;
  readonly output: string;
}

const stopMsMax = 30_000;
const startMsMax = 150_000;
const pagePorts = ['8081', '8082', '8083', '8084', '8085', '50443'];

/**
 * Runs the README's snippets as they stand, with an empty database and topics of its own. Only what must differ on
 * another machine is replaced: addresses, ports, the receiver's URL, and the folder that git ignores.
 */
export class ReadmeWorld {
  /** Names of the snippets that were run. */
  readonly ran = new Set<string>();
  private apps: ChildProcess | null = null;
  private appsOutput = '';

  private constructor(
    readonly store: DataSource,
    readonly folder: string,
    private readonly database: string,
    private readonly settings: {
      readonly receiverPort: number;
      readonly replaced: Readonly<Record<string, string>>;
      readonly env: NodeJS.ProcessEnv;
    },
  ) {}

  static async make(): Promise<ReadmeWorld> {
    const database = `hookline_readme_${process.pid}`;
    await adminQuery(inject('postgresUrl'), `CREATE DATABASE ${database}`);
    const url = databaseUrlOf(inject('postgresUrl'), database);
    const store = createDataSource({ url, poolMax: 2, applicationName: 'hookline.test' });
    await store.initialize();
    const folder = path.join(topFolder, '.local', `readme-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const receiverPort = await freePort();
    const prefix = `readme${process.pid}.`;
    const grpc = `127.0.0.1:${await freePort()}`;
    const ports = await Promise.all(pagePorts.map(async (port) => [port, String(await freePort())] as const));
    const replaced = {
      'localhost:9092': inject('kafkaBrokers'),
      'postgres://hookline:hookline@localhost:5432/hookline': url,
      '9911': String(receiverPort),
      'hookline.events': `${prefix}events`,
      '.local': folder,
      ...Object.fromEntries(ports),
    };
    const { PATH, HOME } = process.env;
    const env = {
      ...{ PATH, HOME, HOOKLINE_NO_INSTALL: '1', TOPIC_PREFIX: prefix },
      ...{ GRPC_LISTEN: grpc, HOOKLINE_ADDR: grpc },
    };
    return new ReadmeWorld(store, folder, database, { receiverPort, replaced, env });
  }

  /** A receiver that keeps what arrives, in the place of the README's own, which must have ended. */
  startReceiver(): Promise<WebhookReceiver> {
    return WebhookReceiver.start(this.settings.receiverPort);
  }

  /** A snippet of the README or of a page in docs, ready to run here. Throws when there is none of this name. */
  snippet(name: string): string {
    const found = allPages()
      .flatMap(snippetsOf)
      .find((snippet) => snippet.name === name);
    if (found === undefined) throw new Error(`no page has a snippet named ${name}`);
    this.ran.add(name);
    return Object.entries(this.settings.replaced).reduce((text, [from, to]) => text.replaceAll(from, to), found.body);
  }

  /** What would be replaced and stands on no page: the snippet would then run against something else. */
  unusedReplacements(): readonly string[] {
    const text = allPages()
      .map((page) => page.text)
      .join('\n');
    return Object.keys(this.settings.replaced).filter((from) => !text.includes(from));
  }

  /** Runs commands after those that set the environment, in a shell that stops at the first fault. */
  async shell(commands: string): Promise<ShellEnd> {
    const child = this.spawnShell(commands);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const exitCode = await new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    return { exitCode, output };
  }

  /** Runs the snippet that starts the apps and keeps its shell, which runs the one that stops them when it is told to. */
  async startApps(name: string, stopName: string): Promise<void> {
    const [start, stop] = [this.snippet(name), this.snippet(stopName)];
    const child = this.spawnShell(`${start}\necho ${allReady}\nread -r\n${stop}\nwait`, true);
    this.apps = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.appsOutput += chunk.toString();
      });
    const isOver = () => child.exitCode !== null || this.appsOutput.includes(allReady);
    await until(isOver, { what: 'the apps of the README are ready', limitMs: startMsMax }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.appsSaid()}`);
    });
    if (child.exitCode !== null || this.appsOutput.includes('is not ready'))
      throw new Error(`the snippet ${name} failed:\n${this.appsSaid()}`);
  }

  /** Tells the apps' shell to stop them; answers its exit code, null when it had to be killed. */
  async stopApps(): Promise<number | null> {
    const { apps } = this;
    if (apps?.pid === undefined || apps.exitCode !== null || apps.signalCode !== null) return apps?.exitCode ?? null;
    const group = -apps.pid;
    const ended = new Promise((resolve) => apps.once('close', resolve));
    apps.stdin?.end('\n');
    const timer = setTimeout(() => process.kill(group, 'SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(timer);
    return apps.exitCode;
  }

  /** What an app wrote to its log. */
  logOf(app: string): string {
    return readFileSync(path.join(this.folder, `${app}.log`), 'utf8');
  }

  async stop(): Promise<void> {
    await this.stopApps();
    await this.store.destroy();
    await adminQuery(inject('postgresUrl'), `DROP DATABASE ${this.database} WITH (FORCE)`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private appsSaid(): string {
    const logs = readdirSync(this.folder).filter((file) => file.endsWith('.log'));
    const ends = logs.map((file) => readFileSync(path.join(this.folder, file), 'utf8').slice(-1_500));
    return [this.appsOutput.slice(-4_000), ...ends].join('\n');
  }

  private spawnShell(commands: string, ownGroup = false): ChildProcess {
    const script = `${this.snippet('own-environment')}\n${commands}`;
    return spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: topFolder,
      env: this.settings.env,
      detached: ownGroup,
      stdio: [ownGroup ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
  }
}
