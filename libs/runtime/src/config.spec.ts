import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { maskedConfig, readConfig } from './config.js';
import { appPart, databasePart, deliveryPart, kafkaPart } from './config-parts.js';

const schema = z.object({ ...appPart, ...kafkaPart, ...databasePart, ...deliveryPart });
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
    expect(JSON.stringify(maskedConfig(schema, readConfig(schema, least)))).not.toContain('pw');
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
