import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { maskedConfig, readConfig } from './config.js';
import { appPart, databasePart, deliveryPart, kafkaPart } from './config-parts.js';
import { kafkaSettingsOf } from './config-values.js';
import { kafkaRelations } from './kafka-relations.js';

const schema = z.object({ ...appPart, ...kafkaPart, ...databasePart, ...deliveryPart }).superRefine(kafkaRelations);
const here = import.meta.filename;
const least = { KAFKA_BROKERS: '127.0.0.1:9092', DATABASE_URL: 'postgres://u:pw@127.0.0.1/h' };

describe('readConfig', () => {
  it('names every wrong variable in one error', () => {
    const wrong = { KAFKA_BROKERS: 'nowhere', RETRY_SCHEDULE: '5s,soon', HTTP_LISTEN: 'x', ATTEMPT_TIMEOUT_MS: '5' };
    const said = faultsOf(wrong);
    for (const name of [...Object.keys(wrong), 'DATABASE_URL']) expect(said).toContain(`  ${name}: `);
    expect(said).toContain('DATABASE_URL: is not set');
  });

  it('fills in the defaults and reads durations', () => {
    const config = readConfig(schema, { ...least, RETRY_TIERS: '1s,5s', RETRY_SCHEDULE: '500ms,2h' });
    expect(config.RETRY_TIERS).toEqual([
      { name: '1s', ms: 1_000 },
      { name: '5s', ms: 5_000 },
    ]);
    expect(config.RETRY_SCHEDULE).toEqual([500, 7_200_000]);
    expect(config).toMatchObject({
      TOPIC_PREFIX: 'hookline.',
      ATTEMPT_TIMEOUT_MS: 15_000,
      NOTIFICATION_MAX_AGE: 604_800_000,
    });
    expect(readConfig(schema, { ...least, TOPIC_PREFIX: '' }).TOPIC_PREFIX).toBe('');
  });

  it('refuses tiers that do not rise', () => {
    expect(() => readConfig(schema, { ...least, RETRY_TIERS: '30s,5s' })).toThrow(/RETRY_TIERS: must rise/);
  });

  it('prints no secret', () => {
    const secrets = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'pw-of-kafka' };
    const masked = maskedConfig(schema, readConfig(schema, { ...least, ...secrets }));
    expect(JSON.stringify(masked)).not.toContain('pw');
    expect(masked).toMatchObject({ DATABASE_URL: '[secret]', KAFKA_SASL_PASSWORD: '[secret]' });
  });

  it('refuses a secret that is given twice, and names both variables', () => {
    for (const name of ['DATABASE_URL', 'KAFKA_SASL_PASSWORD', 'KAFKA_SSL_KEY_PASSWORD'])
      expect(faultsOf({ ...least, [name]: 'postgres://u:pw@h/d', [`${name}_FILE`]: '/nowhere' })).toContain(
        `${name} and ${name}_FILE are both set: unset one of them`,
      );
  });

  it('refuses files of secrets that are away or empty', () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-config-')), 'url');
    const away = { KAFKA_BROKERS: 'h:1', DATABASE_URL_FILE: file };
    expect(faultsOf(away)).toMatch(/DATABASE_URL_FILE: cannot be read: ENOENT/);
    writeFileSync(file, '\n');
    expect(faultsOf(away)).toMatch(/DATABASE_URL: must begin with postgres:/);
  });

  it('reads the file of a secret again each time, and keeps the last value while it cannot be used', () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-config-')), 'url');
    writeFileSync(file, 'postgres://u:one@h/d\n');
    const { DATABASE_URL: url } = readConfig(schema, { KAFKA_BROKERS: 'h:1', DATABASE_URL_FILE: file });
    expect(url()).toBe('postgres://u:one@h/d');
    writeFileSync(file, 'postgres://u:two@h/d');
    expect(url()).toBe('postgres://u:two@h/d');
    writeFileSync(file, 'postg');
    expect(url()).toBe('postgres://u:two@h/d');
    rmSync(file);
    expect(url()).toBe('postgres://u:two@h/d');
    writeFileSync(file, 'postgres://u:three@h/d');
    expect(url()).toBe('postgres://u:three@h/d');
  });

  it.each([
    [{ KAFKA_SSL: 'true', KAFKA_SSL_CERT_FILE: here }, 'KAFKA_SSL_KEY_FILE: must be given with KAFKA_SSL_CERT_FILE'],
    [{ KAFKA_SSL: 'true', KAFKA_SSL_KEY_FILE: here }, 'KAFKA_SSL_CERT_FILE: must be given with KAFKA_SSL_KEY_FILE'],
    [
      { KAFKA_SSL: 'true', KAFKA_SSL_KEY_PASSWORD: 'x' },
      'KAFKA_SSL_KEY_FILE: must be given with KAFKA_SSL_KEY_PASSWORD',
    ],
    [{ KAFKA_SSL_CA_FILE: here }, 'KAFKA_SSL: must be true with KAFKA_SSL_CA_FILE'],
    [{ KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/nowhere' }, 'KAFKA_SSL_CA_FILE: cannot be read: ENOENT'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_USERNAME: must be given with KAFKA_SASL_MECHANISM'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_PASSWORD: must be given with KAFKA_SASL_MECHANISM'],
    [{ KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_MECHANISM: must be given with KAFKA_SASL_USERNAME'],
    [{ KAFKA_SASL_PASSWORD: 'x' }, 'KAFKA_SASL_MECHANISM: must be given with KAFKA_SASL_PASSWORD'],
  ])('refuses half a secured connection: %j', (given, fault) => {
    expect(faultsOf({ ...least, ...given })).toContain(fault);
  });

  it('hands on what a secured connection is made of', () => {
    const login = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'x' };
    const settings = kafkaSettingsOf(
      readConfig(schema, { ...least, ...login, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: here }),
    );
    expect(settings).toMatchObject({ ssl: true, sslCaFile: here, sasl: { mechanism: 'scram-sha-512', username: 'u' } });
    expect(settings.sasl?.password()).toBe('x');
  });
});

function faultsOf(environment: Record<string, string>): string {
  try {
    readConfig(schema, environment);
  } catch (error) {
    return String(error);
  }
  return 'no fault';
}
