import { describe, expect, it } from 'vitest';
import { createLog } from '#telemetry/log';
import { createKafka, type KafkaSettings } from './kafka-client.js';

const sasl = { mechanism: 'plain', username: 'u', password: () => 's3cret' } as const;

/** What is written when clients are made; none of them connects. */
function warned(...settings: readonly KafkaSettings[]): readonly string[] {
  const lines: string[] = [];
  const log = createLog({ app: 'test', level: 'warn', sink: { write: (line) => void lines.push(line) } });
  for (const one of settings) createKafka(one, 'test', log);
  return lines;
}

describe('createKafka', () => {
  it('warns once of a login in plain text to another machine, and names it', () => {
    const quiet: readonly KafkaSettings[] = [
      { brokers: ['kafka.test:9092'], ssl: false },
      { brokers: ['kafka.test:9092'], ssl: true, sasl },
      { brokers: ['127.0.0.1:9092', 'localhost:9092'], ssl: false, sasl },
    ];
    expect(warned(...quiet)).toEqual([]);
    const outside = { brokers: ['127.0.0.1:9092', 'kafka.test:9092'], ssl: false, sasl };
    const lines = warned(outside, outside);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/"brokers":\["kafka\.test:9092"\].*KAFKA_SSL=true.*"kafka\.plainText"/);
    expect(lines[0]).not.toContain('s3cret');
  });
});
