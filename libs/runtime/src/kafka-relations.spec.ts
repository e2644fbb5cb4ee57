import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.js';
import { kafkaPart } from './config-parts.js';
import { kafkaRelations } from './kafka-relations.js';

const schema = z.object(kafkaPart).superRefine(kafkaRelations);

describe('the timing of a group', () => {
  it('is refused where the client would not take it: a heartbeat must come before the session ends', () => {
    const env = { KAFKA_BROKERS: 'b:9092', KAFKA_SESSION_TIMEOUT_MS: '6000' };
    expect(() => readConfig(schema, { ...env, KAFKA_HEARTBEAT_MS: '6000' })).toThrow(
      /KAFKA_HEARTBEAT_MS: must be less than KAFKA_SESSION_TIMEOUT_MS/,
    );
    expect(readConfig(schema, { ...env, KAFKA_HEARTBEAT_MS: '5999' }).KAFKA_HEARTBEAT_MS).toBe(5_999);
  });
});
