import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '#postgres/data-source';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { SecuredKafka } from '../support/secured-kafka.js';
import { passwordRole, SecuredPostgres } from '../support/secured-postgres.js';
import { Stack } from '../support/stack.js';
import { adminQuery, databaseUrlOf } from '../support/test-database.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const user = 'hookline';
const passwords = {
  kafka: ['marker-kafka-one', 'marker-kafka-two'],
  postgres: ['marker-postgres-one', 'marker-postgres-two'],
} as const;
const apps = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'] as const;
const patienceMs = 90_000;

describe('the whole pipeline over secured connections', () => {
  let kafka: SecuredKafka;
  let postgres: SecuredPostgres;
  let stack: Stack;
  let receiver: WebhookReceiver;
  let files: { readonly kafkaPassword: string; readonly databaseUrl: string };

  beforeAll(async () => {
    [kafka, postgres, receiver] = await Promise.all([
      SecuredKafka.start(),
      SecuredPostgres.start(),
      WebhookReceiver.start(),
    ]);
    const templateDatabase = 'hookline_template';
    await adminQuery(postgres.adminUrl, `CREATE DATABASE ${templateDatabase}`);
    await migrate(databaseUrlOf(postgres.adminUrl, templateDatabase));
    const servers = { kafkaBrokers: kafka.addresses.plain, postgresUrl: postgres.adminUrl, templateDatabase };
    stack = await Stack.start([], { LOG_LEVEL: 'debug' }, servers);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-secured-apps-'));
    files = { kafkaPassword: path.join(folder, 'kafka'), databaseUrl: path.join(folder, 'database') };
    await usePasswords(0);
    Object.assign(stack.env, {
      ...{ KAFKA_BROKERS: kafka.addresses.scram, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: kafka.caFile },
      ...{ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: user },
      ...{ KAFKA_SASL_PASSWORD_FILE: files.kafkaPassword, DATABASE_URL: '', DATABASE_URL_FILE: files.databaseUrl },
    });
    await Promise.all((await stack.launch(apps)).map((app) => app.ready(patienceMs)));
    const secret = aSecret();
    await wire(stack, [{ id: 'any', url: receiver.on('/any', secret), secret, eventTypes: ['any'] }]);
  }, 240_000);

  afterAll(async () => {
    await stack?.stop();
    await Promise.all([receiver?.stop(), kafka?.stop(), postgres?.stop()]);
  });

  /** The servers take another password from now on; who is logged in stays so. */
  async function usePasswords(nth: 0 | 1): Promise<void> {
    await Promise.all([kafka.setPassword(user, passwords.kafka[nth]), postgres.setPassword(passwords.postgres[nth])]);
    writeFileSync(files.kafkaPassword, passwords.kafka[nth]);
    const url = new URL(stack.database.url);
    const query = `sslmode=verify-full&sslrootcert=${postgres.caFile}`;
    const secured = new URL(postgres.urlOf(passwordRole, passwords.postgres[nth], query));
    secured.pathname = url.pathname;
    writeFileSync(files.databaseUrl, secured.toString());
  }

  async function deliver(count: number): Promise<void> {
    await stack.produce([anEvent({ type: 'any' })]);
    await until(() => receiver.of('/any').length >= count, { what: `${count} requests`, limitMs: patienceMs });
  }

  it('delivers, and every connection of the apps to Postgres is encrypted', async () => {
    await deliver(1);
    const connections = await postgres.query<{ name: string; ssl: boolean }>(
      `SELECT application_name AS name, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename = '${passwordRole}'`,
    );
    expect(connections.filter(({ ssl }) => !ssl)).toEqual([]);
    // A pool apart is named after its app and its duty.
    const owners = connections.map(({ name }) => name.split('.').slice(0, 2).join('.'));
    expect(new Set(owners)).toEqual(new Set(apps.map((app) => `hookline.${app}`)));
  });

  it('goes on without a restart when both passwords are new and every connection has ended', async () => {
    const pids = apps.map((name) => stack.app(name).pid);
    await usePasswords(1);
    await Promise.all([kafka.restart(), postgres.endConnections()]);
    await deliver(2);
    await Promise.all(apps.map((name) => stack.app(name).ready(patienceMs)));
    const sent = async () => (await stack.database.query("SELECT 1 FROM notifications WHERE state = 'sent'")).length;
    await until(async () => (await sent()) === 2, { what: 'both are recorded', limitMs: patienceMs });
    expect(apps.map((name) => stack.app(name).pid)).toEqual(pids);
    for (const name of apps)
      expect(stack.app(name).lines.filter((line) => line.includes('process.started'))).toHaveLength(1);
  });

  it.each(apps)('writes no password into the log of the %s', (name) => {
    const text = stack.app(name).lines.join('\n');
    expect(text.length).toBeGreaterThan(1_000);
    for (const needle of [...passwords.kafka, ...passwords.postgres]) expect(text.includes(needle), needle).toBe(false);
  });
});
