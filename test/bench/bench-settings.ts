import { randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '#runtime/config';
import type { BenchServers } from './bench-servers.js';

/** Names and keys of one run. */
export interface BenchSettings {
  readonly folder: string;
  readonly topicPrefix: string;
  readonly kekFile: string;
  readonly apiKeyFile: string;
}

export function createBenchSettings(folder: string): BenchSettings {
  const settings = {
    folder,
    topicPrefix: `hookline-bench-${randomInt(100_000, 1_000_000)}.`,
    kekFile: path.join(folder, 'kek'),
    apiKeyFile: path.join(folder, 'api-key'),
  };
  writeFileSync(settings.kekFile, `bench:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  writeFileSync(settings.apiKeyFile, `hlk_${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  return settings;
}

/** What every app is given: its defaults, and what names this run; `set` of the command line comes last. */
export function appEnvironment(
  settings: BenchSettings,
  servers: BenchServers,
  own: {
    /** Where programs are found. */
    readonly path: string | undefined;
    readonly databaseUrl: string;
    readonly adminAddress: string;
    readonly set: Readonly<Record<string, string>>;
  },
): Environment {
  return {
    PATH: own.path,
    KAFKA_BROKERS: servers.brokers,
    DATABASE_URL: own.databaseUrl,
    GRPC_LISTEN: own.adminAddress,
    TOPIC_PREFIX: settings.topicPrefix,
    TOPIC_PROFILE: 'development',
    EGRESS_ALLOW: '127.0.0.1/32',
    KEK_FILE: settings.kekFile,
    BOOTSTRAP_API_KEY_FILE: settings.apiKeyFile,
    ...own.set,
  };
}
