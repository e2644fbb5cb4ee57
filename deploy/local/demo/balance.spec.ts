import { describe, expect, it } from 'vitest';
import { imbalances, isSettled, type RunFigures } from './balance.js';

const balanced: RunFigures = {
  produced: 100,
  inTopic: 100,
  verdicts: { matched: 90, unmatched: 5, duplicate: 3, parked: 2 },
  notifications: { created: 95, sent: 90, pending: 0, failed: 5, cancelled: 0 },
  attempts: 110,
  requests: 110,
  signaturesValid: 110,
  duplicates: 0,
  sentNotReceived: 0,
  receivedNotSent: 0,
};

describe('imbalances', () => {
  it('are none when both lines of the books add up and the receiver agrees', () => {
    expect(imbalances(balanced)).toEqual([]);
  });

  it.each<[string, Partial<RunFigures>, string]>([
    [
      'a record that never reached the topic',
      { produced: 101 },
      '101 records were produced, 100 stand in the events topic',
    ],
    [
      'a record without verdict',
      { produced: 101, inTopic: 101 },
      '101 records stand in the events topic, 100 have a verdict',
    ],
    [
      'a notification in no known state',
      { notifications: { ...balanced.notifications, created: 96 } },
      '96 notifications were created, their states add up to 95',
    ],
    [
      'a pending notification',
      { notifications: { ...balanced.notifications, pending: 1, created: 96 } },
      '1 notifications are still pending',
    ],
    ['a lost request', { sentNotReceived: 2 }, '2 notifications are sent and never reached the receiver'],
    ['an unrecorded success', { receivedNotSent: 1 }, '1 notifications were accepted and are not sent'],
    ['a wrong signature', { signaturesValid: 109 }, '1 of 110 signatures are not valid'],
    ['a duplicate', { duplicates: 4 }, '4 requests came after one that had been accepted'],
    ['an attempt that is not on record', { attempts: 109 }, '109 attempts are on record, 110 requests arrived'],
  ])('name %s', (_, difference, words) => {
    expect(imbalances({ ...balanced, ...difference })).toEqual([words]);
  });

  it('name all at once', () => {
    expect(imbalances({ ...balanced, duplicates: 1, signaturesValid: 0, sentNotReceived: 1 })).toHaveLength(3);
  });
});

describe('a run', () => {
  it('is settled when every record has a verdict and nothing is pending', () => {
    expect(isSettled(balanced)).toBe(true);
    expect(isSettled({ ...balanced, produced: 101 })).toBe(false);
    expect(isSettled({ ...balanced, notifications: { ...balanced.notifications, pending: 1 } })).toBe(false);
  });
});
