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
    expect(matchesEventType(patterns, type, 'upstream')).toBe(taken);
  });

  it.each([
    [['hookline.*'], 'hookline.circuit.opened', true],
    [['order.*', 'hookline.circuit.opened'], 'hookline.circuit.opened', true],
    [['*'], 'hookline.circuit.opened', false],
    [['*.opened', 'hook*'], 'hookline.circuit.opened', false],
    [['hookline.*'], 'order.created', false],
  ])('%j takes %s of the operators: %s', (patterns, type, taken) => {
    expect(matchesEventType(patterns, type, 'operators')).toBe(taken);
  });

  it('takes nothing of upstream for an operator event, whatever it calls itself', () => {
    expect(matchesEventType(['hookline.*'], 'hookline.circuit.opened', 'upstream')).toBe(false);
    expect(matchesEventType(['*'], 'hookline.circuit.opened', 'upstream')).toBe(true);
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
