import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerToArguments } from './app-usage.js';

const program = {
  name: 'renderer',
  schema: z.object({
    GATHER_MS: z.coerce.number().default(15).describe('how long events are gathered'),
    EVENT_TOPICS: z.string().optional().describe('empty takes <prefix>events'),
  }),
};

describe('answerToArguments', () => {
  it('lets an app start that is given none', () => {
    expect(answerToArguments([], program)).toBeNull();
  });

  it('shows every variable with its meaning when help is asked for', () => {
    for (const flag of ['--help', '-h']) {
      const answer = answerToArguments([flag], program);
      expect(answer?.exitCode).toBe(0);
      expect(answer?.said).toContain('renderer takes no arguments');
      expect(answer?.said).toContain('  GATHER_MS     how long events are gathered\n');
      expect(answer?.said).toContain('  EVENT_TOPICS  empty takes TOPIC_PREFIX + events\n');
    }
  });

  it('refuses anything else, and names it', () => {
    const answer = answerToArguments(['--port', '80'], program);
    expect(answer?.exitCode).toBe(2);
    expect(answer?.said).toMatch(/^there is no argument "--port"\n/);
  });
});
