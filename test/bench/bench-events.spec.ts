import { describe, expect, it } from 'vitest';
import { compileBody } from '#templating/compile-body';
import { bodyValue, eventBytes, eventType, eventValue, templateBody } from './bench-events.js';

const numbered = { n: 123_456, atMs: 1_764_000_000_000.25 };
const head = '{"n":123456,"at":1764000000000.25,';

describe('what is produced', () => {
  it('is 1 KB, whichever number and name it has', () => {
    for (let n = 0; n < 10; n++) {
      expect(eventValue({ n, atMs: 1_764_000_000_000 }, 20)).toHaveLength(eventBytes);
      expect(bodyValue({ n, atMs: 1_764_000_000_000 })).toHaveLength(eventBytes);
    }
    expect(eventValue(numbered, 20)).toHaveLength(eventBytes);
  });

  it('goes round over the endpoints', () => {
    expect(JSON.parse(eventValue({ n: 43, atMs: 0 }, 20).toString())).toMatchObject({ type: eventType(3) });
  });

  it('begins, rendered or not, as the receiver reads it', () => {
    const body = compileBody(templateBody, { contentType: 'application/json', strict: true });
    const rendered = body.render({ event: JSON.parse(eventValue(numbered, 20).toString()) });
    expect(rendered.slice(0, head.length)).toBe(head);
    expect(JSON.parse(rendered)).toMatchObject({ n: numbered.n, what: 'loan.repaid.e16' });
    expect(bodyValue(numbered).toString().slice(0, head.length)).toBe(head);
  });
});
