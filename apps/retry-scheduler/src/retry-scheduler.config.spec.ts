import { describe, expect, it } from 'vitest';
import { readConfig } from '#runtime/config';
import { retrySchedulerConfig } from './retry-scheduler.config.js';

const least = { KAFKA_BROKERS: '127.0.0.1:9092', DATABASE_URL: 'postgres://u:pw@127.0.0.1/h' };
const offOf = (given: Readonly<Record<string, string>>) =>
  readConfig(retrySchedulerConfig, { ...least, ...given }).DUTIES_OFF;

describe('the configuration of the retry-scheduler', () => {
  it('leaves the duties to others that are named, none by default', () => {
    expect(offOf({})).toEqual([]);
    expect(offOf({ DUTIES_OFF: ' ' })).toEqual([]);
    expect(offOf({ DUTIES_OFF: 'retention, sweep,,sweep' })).toEqual(['sweep', 'retention']);
  });

  it('refuses a duty that there is none of, and says which there are', () => {
    const wrong = () => offOf({ DUTIES_OFF: 'sweep,drops,Retention' });
    expect(wrong).toThrow(/DUTIES_OFF: "drops", "Retention" is none of sweep, held, .*retention/);
  });
});
