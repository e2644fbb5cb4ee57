import { describe, expect, it } from 'vitest';
import { type SpokenApi, spokenApis, versionDifferences } from './broker-versions.js';

const produce: SpokenApi = { name: 'Produce', key: 0, least: 0, most: 7, isOnPath: true };
const deleteTopics: SpokenApi = { name: 'DeleteTopics', key: 20, least: 0, most: 1, isOnPath: false };

function said(api: SpokenApi, range: readonly [least: number, most: number] | null) {
  const taken = new Map(range === null ? [] : [[api.key, { least: range[0], most: range[1] }]]);
  return versionDifferences({ broker: 'b:9092', taken }, [api]).map((one) => `${one.severity} ${one.name} ${one.said}`);
}

describe('versionDifferences', () => {
  it.each([
    [0, 13],
    [7, 7],
    [7, 13],
    [0, 0],
    [3, 5],
  ])('finds nothing where a broker takes %i to %i of what we speak from 0 to 7', (least, most) => {
    expect(said(produce, [least, most])).toEqual([]);
  });

  it("names the API, the broker's range and ours when the broker's floor has been raised over us", () => {
    expect(said(produce, [8, 13])).toEqual(['fatal b:9092 takes Produce in versions 8 to 13, Hookline speaks 0 to 7']);
  });

  it('finds a broker that is too old, and one that does not offer an API', () => {
    const newer = { ...produce, least: 3 };
    expect(said(newer, [0, 2])).toEqual(['fatal b:9092 takes Produce in versions 0 to 2, Hookline speaks 3 to 7']);
    expect(said(produce, null)).toEqual(['fatal b:9092 does not offer Produce, Hookline speaks 0 to 7']);
  });

  it('only warns of an API that no record goes through', () => {
    expect(said(deleteTopics, [2, 6])).toEqual([
      'warning b:9092 takes DeleteTopics in versions 2 to 6, Hookline speaks 0 to 1',
    ]);
  });
});

describe('spokenApis', () => {
  it('has the ranges of kafkajs 2.2.4, with those of SASL only where it is used', () => {
    const plain = spokenApis({ sasl: false });
    expect(plain.find(({ name }) => name === 'Produce')).toEqual(produce);
    expect(plain.find(({ name }) => name === 'FindCoordinator')).toMatchObject({ key: 10, least: 0, most: 2 });
    expect(plain.find(({ name }) => name === 'OffsetFetch')).toMatchObject({ key: 9, least: 1, most: 4 });
    expect(plain.filter(({ key, most }) => key < 0 || !Number.isFinite(most))).toEqual([]);
    const withSasl = spokenApis({ sasl: true }).map(({ name }) => name);
    expect(withSasl.filter((name) => !plain.some((api) => api.name === name))).toEqual([
      'SaslHandshake',
      'SaslAuthenticate',
    ]);
  });
});
