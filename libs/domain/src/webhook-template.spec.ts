import { describe, expect, it } from 'vitest';
import { bodyKindOf, matchesEventType } from './webhook-template.js';

describe('matchesEventType', () => {
  it.each([
    [['order.created'], 'order.created', true],
    [['order.created'], 'order.createdx', false],
    [['order.*'], 'order.line.added', true],
    [['order.*'], 'order.', false],
    [['*'], 'anything', true],
    [['*.created'], 'loan.created', true],
    [['loan.*.paid'], 'loan.1.paid', true],
    [['loan.*.paid'], 'loan.paid', false],
    [['a*b*c'], 'axbyc', true],
    [['a*b*c'], 'abc', false],
    [['no', 'yes'], 'yes', true],
  ])('%j takes %s: %s', (patterns, type, taken) => {
    expect(matchesEventType(patterns, type)).toBe(taken);
  });
});

describe('bodyKindOf', () => {
  it('knows the media types a body may have', () => {
    const types = [
      'application/json; charset=utf-8',
      'application/vnd.acme+json',
      'text/xml',
      'text/plain',
      'image/png',
    ];
    expect(types.map(bodyKindOf)).toEqual(['json', 'json', 'xml', 'text', null]);
    expect(bodyKindOf('application/x-www-form-urlencoded')).toBe('form');
  });
});
