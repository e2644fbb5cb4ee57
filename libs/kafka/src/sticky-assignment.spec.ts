import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignStickily, type GroupMember, type PartitionsByTopic } from './sticky-assignment.js';

type Dealt = ReadonlyMap<string, PartitionsByTopic>;

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function countOf(own: PartitionsByTopic | undefined, topic: string): number {
  return own?.[topic]?.length ?? 0;
}

function owning(dealt: Dealt, generation = 1): readonly GroupMember[] {
  return [...dealt].map(([id, owned]) => ({ id, generation, owned }));
}

const fresh = (...ids: readonly string[]): readonly GroupMember[] =>
  ids.map((id) => ({ id, generation: -1, owned: {} }));

const someMembers = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 7 })
  .map((ids) => fresh(...ids));
const someTopics = fc
  .array(fc.nat(12), { minLength: 1, maxLength: 8 })
  .map((counts) => Object.fromEntries(counts.map((count, i) => [`t${i}`, numbers(count)])));
/** What members may claim: anything, also what others claim and what no longer exists. */
const someClaims = fc.array(
  fc.record({
    generation: fc.integer({ min: -1, max: 3 }),
    owned: fc.dictionary(fc.constantFrom('t0', 't1', 't2', 'gone'), fc.uniqueArray(fc.nat(14))),
  }),
);

describe('assignStickily', () => {
  it('gives each partition to one member, evenly topic by topic, whatever the members claim', () => {
    fc.assert(
      fc.property(someMembers, someTopics, someClaims, (members, topics, claims) => {
        const dealt = assignStickily(
          members.map((member, i) => ({ ...member, ...claims[i] })),
          topics,
        );
        for (const [topic, partitions] of Object.entries(topics)) {
          const given = [...dealt.values()].flatMap((own) => own[topic] ?? []);
          expect(given.toSorted((a, b) => a - b)).toEqual(partitions);
          const counts = members.map(({ id }) => countOf(dealt.get(id), topic));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('moves nothing while nobody comes or goes', () => {
    fc.assert(
      fc.property(someMembers, someTopics, (members, topics) => {
        const dealt = assignStickily(members, topics);
        expect(assignStickily(owning(dealt), topics)).toEqual(dealt);
      }),
    );
  });

  it('moves only what a member that comes, or goes, makes necessary', () => {
    const topics = { t: numbers(12) };
    const three = assignStickily(fresh('a', 'b', 'c'), topics);
    const four = assignStickily([...owning(three), ...fresh('d')], topics);
    for (const id of ['a', 'b', 'c']) {
      expect(countOf(four.get(id), 't')).toBe(3);
      expect(three.get(id)?.['t']).toEqual(expect.arrayContaining([...(four.get(id)?.['t'] ?? [])]));
    }
    const left = owning(four, 2).filter(({ id }) => id !== 'b');
    const again = assignStickily(left, topics);
    for (const { id, owned } of left)
      expect(again.get(id)?.['t']).toEqual(expect.arrayContaining([...(owned['t'] ?? [])]));
  });

  it('spreads topics of one partition over the members, also when one had them all', () => {
    const topics = Object.fromEntries(numbers(7).map((i) => [`tier${i}`, [0]]));
    const alone = assignStickily(fresh('a'), topics);
    const two = assignStickily([...owning(alone), ...fresh('b')], topics);
    expect(['a', 'b'].map((id) => Object.keys(two.get(id) ?? {}).length).toSorted()).toEqual([3, 4]);
  });

  it('believes the later generation of two that claim one partition', () => {
    const zombie = { id: 'a', generation: 3, owned: { t: [0, 1] } };
    const owner = { id: 'b', generation: 5, owned: { t: [1] } };
    expect(assignStickily([zombie, owner], { t: [0, 1] }).get('b')).toEqual({ t: [1] });
  });
});
