import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '#runtime/config';

/** Retries of the demo end within the run: three of them, 7 s in all. */
const retrySchedule = '1s,2s,4s';
const retryTiers = '1s,5s';
/** What the apps take from our environment: how to reach brokers that were given, and what every program needs. */
const passedOn = /^(PATH|HOME|TZ|LANG|TMPDIR|SYSTEMROOT|NODE_EXTRA_CA_CERTS|KAFKA_SSL.*|KAFKA_SASL_.*)$/;

/** Where everything of one run lies, and its keys. */
export interface DemoSettings {
  readonly folder: string;
  /** Names the topics and groups of this run alone, also on brokers that others use. */
  readonly topicPrefix: string;
  /** The database that is made where it may be. */
  readonly databaseName: string;
  readonly kekFile: string;
  readonly apiKeyFile: string;
  /** `whsec_...`, shared with the receiver. */
  readonly signingSecret: string;
}

/** Makes this run's keys and names. */
export function createDemoSettings(folder: string): DemoSettings {
  const number = randomInt(100_000, 1_000_000);
  const settings = {
    folder,
    topicPrefix: `hookline-demo-${number}.`,
    databaseName: `hookline_demo_${number}`,
    kekFile: path.join(folder, 'kek'),
    apiKeyFile: path.join(folder, 'api-key'),
    signingSecret: `whsec_${randomBytes(32).toString('base64')}`,
  };
  mkdirSync(folder, { recursive: true });
  const onlyMine = { mode: 0o600 };
  writeFileSync(settings.kekFile, `demo:${randomBytes(32).toString('base64')}\n`, onlyMine);
  writeFileSync(settings.apiKeyFile, `hlk_${randomBytes(32).toString('base64url')}\n`, onlyMine);
  return settings;
}

/** The servers of this run. */
export interface DemoServers {
  readonly brokers: string;
  readonly databaseUrl: string;
}

/** The environment of every app; ports are added for each. */
export function appEnvironment(own: Environment, settings: DemoSettings, servers: DemoServers): Environment {
  return {
    ...Object.fromEntries(Object.entries(own).filter(([name]) => passedOn.test(name))),
    KAFKA_BROKERS: servers.brokers,
    DATABASE_URL: servers.databaseUrl,
    TOPIC_PREFIX: settings.topicPrefix,
    TOPIC_PROFILE: 'development',
    RETRY_SCHEDULE: retrySchedule,
    RETRY_TIERS: retryTiers,
    EGRESS_ALLOW: '127.0.0.1/32',
    KEK_FILE: settings.kekFile,
    BOOTSTRAP_API_KEY_FILE: settings.apiKeyFile,
  };
}
