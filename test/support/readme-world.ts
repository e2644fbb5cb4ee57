import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'vitest';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { freePort } from '../../deploy/local/local-process.js';
import { allPages, readPage, snippetsOf, topFolder } from './markdown.js';
import { adminQuery, databaseUrlOf } from './test-database.js';
import { until } from './until.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** What a shell said. */
export interface ShellEnd {
  readonly exitCode: number | null;
  readonly output: string;
}

const stopMsMax = 30_000;
const startMsMax = 150_000;
const readmePorts = ['8081', '8082', '8083', '8084'];

/**
 * Runs the README's snippets as they stand, with an empty database and topics of its own. Only what must differ on
 * another machine is replaced: addresses, ports, the receiver's URL, and the folder that git ignores.
 */
export class ReadmeWorld {
  /** Names of the snippets that were run. */
  readonly ran = new Set<string>();
  readonly receiver: WebhookReceiver;
  private apps: ChildProcess | null = null;
  private appsOutput = '';

  private constructor(
    readonly store: DataSource,
    readonly folder: string,
    private readonly database: string,
    private readonly settings: {
      readonly receiver: WebhookReceiver;
      readonly replaced: Readonly<Record<string, string>>;
      readonly env: NodeJS.ProcessEnv;
    },
  ) {
    this.receiver = settings.receiver;
  }

  static async make(): Promise<ReadmeWorld> {
    const database = `hookline_readme_${process.pid}`;
    await adminQuery(inject('postgresUrl'), `CREATE DATABASE ${database}`);
    const url = databaseUrlOf(inject('postgresUrl'), database);
    const store = createDataSource({ url, poolMax: 2, applicationName: 'hookline.test' });
    await store.initialize();
    const folder = path.join(topFolder, '.local', `readme-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const receiver = await WebhookReceiver.start();
    const prefix = `readme${process.pid}.`;
    const grpc = `127.0.0.1:${await freePort()}`;
    const ports = await Promise.all(readmePorts.map(async (port) => [port, String(await freePort())] as const));
    const replaced = {
      'localhost:9092': inject('kafkaBrokers'),
      'postgres://hookline:hookline@localhost:5432/hookline': url,
      'https://hooks.example.com/orders': `http://127.0.0.1:${receiver.port}/orders`,
      'hookline.events': `${prefix}events`,
      '.local': folder,
      ...Object.fromEntries(ports),
    };
    const { PATH, HOME } = process.env;
    const env = {
      ...{ PATH, HOME, HOOKLINE_NO_INSTALL: '1', TOPIC_PREFIX: prefix, EGRESS_ALLOW: '127.0.0.1/32' },
      ...{ GRPC_LISTEN: grpc, HOOKLINE_ADDR: grpc },
    };
    return new ReadmeWorld(store, folder, database, { receiver, replaced, env });
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

  /** What would be replaced and stands nowhere in the README: the snippet would then run against something else. */
  unusedReplacements(): readonly string[] {
    const { text } = readPage('README.md');
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

  /** Runs the snippet that starts the apps and keeps its shell, whose end is theirs. */
  async startApps(name: string): Promise<void> {
    const child = this.spawnShell(`${this.snippet(name)}\necho every app is ready\nwait`, true);
    this.apps = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.appsOutput += chunk.toString();
      });
    const isOver = () => child.exitCode !== null || this.appsOutput.includes('every app is ready');
    await until(isOver, { what: 'the apps of the README are ready', limitMs: startMsMax }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.appsOutput.slice(-4_000)}`);
    });
    if (child.exitCode !== null) throw new Error(`the snippet ${name} ended:\n${this.appsOutput.slice(-4_000)}`);
  }

  async stop(): Promise<void> {
    await this.stopApps();
    await this.receiver.stop();
    await this.store.destroy();
    await adminQuery(inject('postgresUrl'), `DROP DATABASE ${this.database} WITH (FORCE)`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async stopApps(): Promise<void> {
    const { apps } = this;
    if (apps?.pid === undefined || apps.exitCode !== null || apps.signalCode !== null) return;
    const group = -apps.pid;
    const ended = new Promise((resolve) => apps.once('close', resolve));
    process.kill(group, 'SIGTERM');
    const timer = setTimeout(() => process.kill(group, 'SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(timer);
  }

  private spawnShell(commands: string, ownGroup = false): ChildProcess {
    const script = `${this.snippet('own-environment')}\n${commands}`;
    return spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: topFolder,
      env: this.settings.env,
      detached: ownGroup,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
