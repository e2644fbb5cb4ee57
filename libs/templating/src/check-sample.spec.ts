import { describe, expect, it } from 'vitest';
import { checkSample } from './check-sample.js';

describe('checkSample', () => {
  it.each([
    '{}',
    '{{ event }}',
    '{ {{ event.data.name }}: {{ event.data.value }} }',
    ' {"id": {{ event.data.id }}, "text": "no. {{ event.data.no }}", "all": [{{ event.a }}, {{ event.b }}]}\n',
    '{# a comment #}{"a": [1, -2.5e3, true, false, null, "\\u00e9"]}',
  ])('takes what is JSON for an event that has nothing (%s)', (source) => {
    expect(() => checkSample(source)).not.toThrow();
  });

  it.each([
    ['{"id" {{ event.data.id }}}', 1, 7],
    ['{\n  "id": {{ event.data.id }}\n  "total": 1\n}', 3, 3],
    ['{"a": {{ event.a }},}', 1, 21],
    ['{"a": {{ event.a }}', 1, 7],
    ['[1, 2', 1, 6],
    ['{"a": {{ event.a }}{{ event.b }}}', 1, 20],
    ['{"a": 01}', 1, 8],
    ['', 1, 1],
    ['{}\u00a0', 1, 3],
    ['{} x', 1, 4],
  ])('names the place of what no event can mend (%s)', (source, line, column) => {
    const fault = expect.objectContaining({ code: 'OUTPUT_NOT_JSON', line, column });
    expect(() => checkSample(source)).toThrow(fault);
  });
});
