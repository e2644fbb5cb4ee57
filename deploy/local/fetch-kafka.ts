import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findMaven } from './find-programs.js';
import { mayInstall } from './install-missing.js';
import { localFolder, topFolder } from './run-folder.js';

export const kafkaVersion = '4.3.1';
/** Where the broker's jars lie. */
export const kafkaJarsFolder = path.join(localFolder, `kafka-${kafkaVersion}`);

const pomFile = path.join(topFolder, 'deploy/local/kafka-runtime/pom.xml');
/** Pinned, so that the same versions are fetched everywhere. */
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';
/** Written last, so an interrupted download is no download. */
const markerName = 'complete';
const fetchMsMax = 15 * 60_000;
/** A download from which nothing comes for this long is given up. */
const silentMsMax = 2 * 60_000;
/** Maven's errors hold whole lists. */
const faultCharsMax = 600;
const sayEveryMs = 2_000;
const bytesPerUnit: Readonly<Record<string, number>> = { B: 1, kB: 1_000, KB: 1_000, MB: 1_000_000 };

/** Whether the jars are here and are those of today's list. */
export function kafkaIsFetched(): boolean {
  const marker = path.join(kafkaJarsFolder, markerName);
  return existsSync(marker) && readFileSync(marker, 'utf8') === readFileSync(pomFile, 'utf8');
}

/**
 * Fetches the broker's jars once. Maven keeps every jar that has arrived in its own store, so a second try goes on where
 * the first one ended; the folder appears as a whole, whoever else fetches at the same time.
 */
export async function fetchKafka(say: (line: string) => void): Promise<void> {
  if (kafkaIsFetched()) return;
  if (!mayInstall())
    throw new Error(`Apache Kafka ${kafkaVersion} is not here and HOOKLINE_NO_INSTALL=1 forbids fetching it`);
  const maven = findMaven();
  if (maven === null) throw new Error('Maven (mvn) is missing');
  const folder = `${kafkaJarsFolder}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  say(`fetching Apache Kafka ${kafkaVersion} from Maven Central (44 MB)`);
  try {
    await runMaven(maven, folder, say);
    writeFileSync(path.join(folder, markerName), readFileSync(pomFile));
    if (kafkaIsFetched()) return;
    rmSync(kafkaJarsFolder, { recursive: true, force: true });
    renameSync(folder, kafkaJarsFolder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs Maven, says what has arrived, and gives up when nothing comes. Throws in words. */
async function runMaven(maven: string, folder: string, say: (line: string) => void): Promise<void> {
  const goals = [copyGoal, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  const store = homeIsWritable() ? [] : [`-Dmaven.repo.local=${path.join(localFolder, 'maven')}`];
  const child = spawn(maven, ['-B', '-Dstyle.color=never', ...store, '-f', pomFile, ...goals], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: fetchMsMax,
  });
  const seen = new TransferCount();
  let heardMs = performance.now();
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      heardMs = performance.now();
      output = (output + chunk.toString()).slice(-100_000);
      seen.read(chunk.toString());
    });
  const progress = setInterval(() => {
    if (!seen.isEmpty) say(`  ${seen.said()}`);
    if (performance.now() - heardMs > silentMsMax) child.kill();
  }, sayEveryMs);
  const end = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? '' : `exit ${code ?? signal}`));
  });
  clearInterval(progress);
  if (end !== '') throw new Error(mavenFault(end, output));
  say(seen.isEmpty ? "  every jar was in Maven's own store; done" : `  ${seen.said()}; done`);
}

/** Maven keeps its store in the home of the user's account, whatever HOME says; some accounts have none. */
function homeIsWritable(): boolean {
  try {
    accessSync(os.userInfo().homedir, constants.W_OK);
    return true;
  } catch {
    return false; // no account, no folder or no right to write: said by the false
  }
}

function mavenFault(end: string, output: string): string {
  const words = output.split('\n').filter((line) => /^\[ERROR\] (?!To see|Re-run|For more|\[Help)\S/.test(line));
  const said = words.length > 0 ? words.slice(0, 3) : output.trim().split('\n').slice(-5);
  return [
    `Maven could not fetch Apache Kafka (${end}).`,
    ...said.map((line) => line.slice(0, faultCharsMax)),
    'What has arrived is kept: run it again to go on. Or set KAFKA_BROKERS to use a broker you have',
    '(with Docker: docker compose -f deploy/compose.yaml up -d --wait).',
  ].join('\n');
}

/** Counts what Maven says it has downloaded: `Downloaded from central: https://.../x-1.jar (1.2 MB at 3 MB/s)`. */
class TransferCount {
  private rest = '';
  private files = 0;
  private bytes = 0;
  private last = '';

  read(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const match = /Downloaded from \S+ \S*\/(\S+) \(([\d.,]+) ([kKM]?B)/.exec(line);
      if (match === null) continue;
      this.files++;
      this.bytes += Number((match[2] ?? '').replace(',', '.')) * (bytesPerUnit[match[3] ?? ''] ?? 0);
      this.last = match[1] ?? '';
    }
  }

  /** Nothing was downloaded. */
  get isEmpty(): boolean {
    return this.files === 0;
  }

  said(): string {
    const last = this.last === '' ? '' : `, last ${this.last}`;
    return `${(this.bytes / 1_000_000).toFixed(1)} MB in ${this.files} files have arrived${last}`;
  }
}
