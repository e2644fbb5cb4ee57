import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSource } from '#postgres/data-source';
import type { Environment } from '#runtime/config';
import { topFolder } from '../run-folder.js';
import { waitFor } from '../wait-for.js';
import type { DemoApp } from './demo-apps.js';
import type { DemoSettings } from './demo-settings.js';
import { demoTenant } from './lending-events.js';

export const cliFile = path.join(topFolder, 'dist/apps/cli/src/main.js');
const sampleFile = path.join(topFolder, 'deploy/local/demo/configuration.yaml');
/** Where the sample's receiver listens. */
const sampleReceiver = 'http://127.0.0.1:4000';
const applyMsMax = 60_000;
const seenMsMax = 30_000;

/** The environment in which the command line reaches this run's admin. */
export function cliEnvironment(settings: DemoSettings, adminAddress: string): Readonly<Record<string, string>> {
  return { HOOKLINE_ADDR: adminAddress, HOOKLINE_KEY_FILE: settings.apiKeyFile, HOOKLINE_TENANT: demoTenant };
}

/** Applies the sample configuration by the real command line. Answers what that printed; throws it when it fails. */
export async function applyConfiguration(settings: DemoSettings, receiver: string, env: Environment): Promise<string> {
  const file = path.join(settings.folder, 'configuration.yaml');
  writeFileSync(file, readFileSync(sampleFile, 'utf8').replaceAll(sampleReceiver, receiver));
  const child = spawn(process.execPath, [cliFile, 'apply', '-f', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, DEMO_SIGNING_SECRET: settings.signingSecret },
    timeout: applyMsMax,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`hookline apply -f ${file} failed (exit ${exitCode}):\n${output}`);
  return output;
}

/** Resolves when the apps have read the registry as it is now: an event before that would be parked. */
export async function configurationSeen(apps: readonly DemoApp[], store: DataSource): Promise<void> {
  const rows: readonly { readonly version: string }[] = await store.query('SELECT version FROM registry_version');
  const version = BigInt(rows[0]?.version ?? 0);
  for (const { name, child, logFile } of apps) {
    const what = `the ${name}'s view of the configuration`;
    await waitFor(() => hasReadRegistry(logFile, version), { what, limitMs: seenMsMax, child });
  }
}

/** Whether an app's log says that it has read this version of the registry, or a later one. */
function hasReadRegistry(logFile: string, version: bigint): boolean {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [];
  return lines.some((line) => {
    const read = line.includes('"event":"registry.loaded"') ? /"version":"?(\d+)"?/.exec(line)?.[1] : undefined;
    return read !== undefined && BigInt(read) >= version;
  });
}
