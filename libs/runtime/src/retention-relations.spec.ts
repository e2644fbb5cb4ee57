import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.js';
import { agePart, receiptsPart, retentionPart } from './config-parts.js';
import { retentionRelations } from './retention-relations.js';

const schema = z.object({ ...agePart, ...receiptsPart, ...retentionPart }).superRefine(retentionRelations);

describe('the retentions', () => {
  it('are 30 and 400 days, and switched on', () => {
    const dayMs = 86_400_000;
    const expected = { RETENTION: 'on', PAYLOAD_RETENTION: 30 * dayMs, NOTIFICATION_RETENTION: 400 * dayMs };
    expect(readConfig(schema, {})).toMatchObject(expected);
  });

  it.each([
    [{ PAYLOAD_RETENTION: '401d' }, /PAYLOAD_RETENTION: must be at most NOTIFICATION_RETENTION/],
    [{ PAYLOAD_RETENTION: '7d' }, /PAYLOAD_RETENTION: must be over NOTIFICATION_MAX_AGE \(7d\)/],
    [{ PAYLOAD_RETENTION: '8d', DEDUPE_WINDOW: '8d' }, /PAYLOAD_RETENTION: must be over DEDUPE_WINDOW \(8d\)/],
    [{ NOTIFICATION_RETENTION: '6d' }, /NOTIFICATION_RETENTION: must be over NOTIFICATION_MAX_AGE/],
    [{ RETENTION: 'yes' }, /RETENTION: /],
  ])('are refused as %o, with the reason', (env, words) => {
    expect(() => readConfig(schema, env)).toThrow(words);
  });

  it('may be equal, and just over what needs them', () => {
    const env = { PAYLOAD_RETENTION: '8d', NOTIFICATION_RETENTION: '8d', DEDUPE_WINDOW: '191h' };
    expect(readConfig(schema, env).PAYLOAD_RETENTION).toBe(8 * 86_400_000);
  });
});
