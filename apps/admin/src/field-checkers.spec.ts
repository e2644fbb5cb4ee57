import { describe, expect, it } from 'vitest';
import type { ResourceFault } from '#registry/resource-fault';
import { endpointFaults, faultsOfChanges, readEndpoint, readTemplate, templateFaults } from '#registry/resource-fields';
import { createFieldCheckers } from './field-checkers.js';

const checkers = createFieldCheckers(['127.0.0.1:9911']);
const endpoint = { id: 'e', url: 'https://hooks.example.com/' };
const template = { id: 't', endpoint: 'e', eventTypes: ['x'] };

describe('what is wrong with a field', () => {
  it.each([
    ['http://127.0.0.1:9912/in', '127.0.0.1:9912'],
    ['http://receiver.example.com/in', 'receiver.example.com:80'],
    ['https://10.0.0.1/in', '10.0.0.1:443'],
    ['https://[fd00::1]:8443/in', '[fd00::1]:8443'],
    ['https://receiver:8443/', 'receiver:8443'],
  ])('tells operators how to let %s through', (url, entry) => {
    const way = `; operators can allow it with EGRESS_ALLOW, e.g. EGRESS_ALLOW=${entry}, for dispatcher and admin`;
    expect(checkers.url(url)).toMatch(new RegExp(`^the .*${way.replaceAll(/[[\].]/g, '\\$&')}$`));
    expect(createFieldCheckers([entry]).url(url)).toBeNull();
  });

  it('tells no way where there is none', () => {
    for (const url of [
      'https://u:p@hooks.example.com/',
      'ftp://10.0.0.1/',
      'no url',
      `https://a.example/${'x'.repeat(3_000)}`,
    ])
      expect(checkers.url(url), url).toMatch(/^the URL (?!.*EGRESS_ALLOW)/);
    expect(checkers.url('http://127.0.0.1:9911/in')).toBeNull();
  });

  it.each([
    [{ url: undefined }, 'url: is missing'],
    [{ url: '' }, 'url: is missing'],
    [{ url: 7 }, 'url: must be a text'],
    [{ url: 'https://a.example/\0' }, 'url: holds a control character or half a surrogate pair'],
    [{ concurrency: 0 }, 'concurrency: must be at least 1'],
    [{ concurrency: 1_001 }, 'concurrency: must be at most 1000'],
    [{ concurrency: '7' }, 'concurrency: must be a whole number'],
    [{ enabled: 'yes' }, 'enabled: must be true or false'],
    [{ retrySchedule: ['31d'] }, 'retrySchedule.0: must be a duration from 1ms to 30d like 5s, 30m or 2h'],
    [{ colour: 'red' }, 'colour: this field is not known, or not there yet'],
  ])('is said in words (%j)', (fields, said) => {
    expect(faultOf(() => readEndpoint({ ...endpoint, ...fields }))).toBe(said);
  });

  it.each([
    [{ eventTypes: [] }, 'eventTypes: is missing'],
    [{ eventTypes: [''] }, 'eventTypes.0: is missing'],
    [{ eventTypes: Array.from({ length: 51 }, () => 'x') }, 'eventTypes: has more than 50 entries'],
    [{ method: 'GET' }, 'method: must be one of POST, PUT, PATCH'],
    [{ body: 'a\0' }, 'body: holds the character U+0000 or half a surrogate pair'],
    [{ body: 'a\ud800' }, 'body: holds the character U+0000 or half a surrogate pair'],
    [{ body: 'x'.repeat(65_537) }, 'body: is longer than 65536 characters'],
  ])('of a template is said in words (%j)', (fields, said) => {
    expect(faultOf(() => readTemplate({ ...template, ...fields }))).toBe(said);
    expect(faultOf(() => readTemplate({ ...template, body: 'several\n\tlines \u{1f600}' }))).toBe('');
  });

  it('counts only where something changes', () => {
    const faults = ['url', 'signingSecret'].map((field) => ({ field, said: 'is wrong' }));
    const fields = (stored: object | null) =>
      faultsOfChanges(faults, { ...endpoint, signingSecret: 'whsec_x' }, stored && { ...stored }).map(
        (one) => one.field,
      );
    expect(fields(null)).toEqual(['url', 'signingSecret']);
    expect(fields({ url: 'https://before.example.com/' })).toEqual(['url', 'signingSecret']);
    expect(fields({ url: endpoint.url })).toEqual(['signingSecret']);
    const ofBody = [{ field: 'body', said: 'is wrong' }];
    const bodies = (stored: object) => faultsOfChanges(ofBody, { ...template, body: 'x' }, { ...stored });
    expect(bodies({ body: 'x', strict: false })).toEqual([]);
    for (const stored of [{ body: 'y' }, { body: 'x', strict: true }, { body: 'x', contentType: 'text/plain' }])
      expect(bodies(stored)).toEqual(ofBody);
  });

  it('refuses a JSON body that no event makes JSON, and only a JSON one', () => {
    const body = '{"id" {{ event.data.id }}}';
    const faults = (contentType: string) => templateFaults({ ...template, body, contentType }, checkers);
    expect(faults('application/json')).toMatchObject([{ field: 'body', said: expect.stringContaining('column 7') }]);
    expect(faults('text/plain')).toEqual([]);
    expect(templateFaults({ ...template, body: '{"id": {{ event.data.id }}}', strict: true }, checkers)).toEqual([]);
    expect(endpointFaults({ ...endpoint, signingSecret: 'whsec_x' }, checkers)).toMatchObject([
      { field: 'signingSecret' },
    ]);
  });
});

function faultOf(read: () => unknown): string {
  try {
    read();
    return '';
  } catch (error) {
    return (error as ResourceFault).message;
  }
}
