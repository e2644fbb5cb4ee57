import { describe, expect, it } from 'vitest';
import { type Place, type Refused, SetAside } from './set-aside.js';

const here: Place = { id: '0/t', topic: 't', partition: 0 };
const there: Place = { id: '1/t', topic: 't', partition: 1 };

function refused(place: Place, records: readonly string[], isTried = true): Refused<string> {
  return { place, records, cause: 'no leader', isTried };
}

type Answer = (refused: readonly Refused<string>[]) => void;

/** Waits and tries end when the test says so. */
function setup() {
  const stopping = new AbortController();
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const tries: { readonly place: Place; readonly records: readonly string[]; readonly answer: Answer }[] = [];
  const said: string[] = [];
  const givenUp: string[] = [];
  const aside = new SetAside<string>({
    tryAgain: (place, records) => new Promise((answer) => void tries.push({ place, records, answer })),
    giveUp: (record) => givenUp.push(record),
    onWait: ({ id }, { records, waitMs, cause }) => said.push(`${id} ${records} ${waitMs} ${cause}`),
    clock: {
      wait: (ms, signal) =>
        new Promise((end) => {
          if (signal?.aborted) end();
          waits.push({ ms, end });
          signal?.addEventListener('abort', () => end());
        }),
    },
    signal: stopping.signal,
  });
  /** Ends the oldest wait, and answers the try it leads to. */
  const tryNext = async (answer: readonly Refused<string>[]) => {
    waits.shift()?.end();
    await turn();
    const { place, records } = await answerNext(answer);
    return `${place.id} ${records.join(' ')}`;
  };
  const answerNext = async (answer: readonly Refused<string>[]) => {
    const next = tries.shift();
    if (next === undefined) throw new Error('nothing is tried');
    next.answer(answer);
    await turn();
    return next;
  };
  return { aside, stopping, waits, tries, said, givenUp, tryNext, answerNext };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('SetAside', () => {
  it('waits twice as long after each try, up to five seconds, and says so once for each', async () => {
    const { aside, waits, said, tryNext } = setup();
    aside.add(refused(here, ['a']));
    const waited: (number | undefined)[] = [];
    for (let i = 0; i < 7; i++) {
      waited.push(waits[0]?.ms);
      await tryNext([refused(here, ['a'])]);
    }
    expect(waited).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(said).toHaveLength(8);
    expect(said[1]).toBe('0/t 1 400 no leader');
    await tryNext([]);
    expect(waits).toEqual([]);
    expect(aside.has(here)).toBe(false);
  });

  it('lets what comes meanwhile join: for the next try, or for one at once when the place takes records again', async () => {
    const { aside, waits, said, tries, tryNext, answerNext } = setup();
    aside.add(refused(here, ['a']));
    aside.add(refused(here, ['b']));
    expect(waits).toHaveLength(1);
    waits.shift()?.end();
    await turn();
    aside.add(refused(here, ['c']));
    expect((await answerNext([refused(here, ['a'])])).records).toEqual(['a', 'b']);
    waits.shift()?.end();
    await turn();
    aside.add(refused(here, ['d']));
    expect((await answerNext([])).records).toEqual(['c', 'a']);
    expect(aside.has(here)).toBe(false);
    expect(tries[0]?.records).toEqual(['d']);
    await answerNext([refused(here, ['d'])]);
    expect(aside.has(here)).toBe(true);
    expect(said).toHaveLength(3);
    expect(await tryNext([])).toBe('0/t d');
  });

  it('keeps one back-off for each place, and moves records to where they belong now', async () => {
    const { aside, waits, tryNext } = setup();
    aside.add(refused(here, ['a', 'b']));
    aside.add(refused(there, ['x']));
    expect(waits.map(({ ms }) => ms)).toEqual([200, 200]);
    expect(await tryNext([refused(there, ['b'])])).toBe('0/t a b');
    expect(aside.has(here)).toBe(false);
    expect(await tryNext([])).toBe('1/t x b');
  });

  it('tries at once what was not tried', async () => {
    const { aside, waits, said, tryNext } = setup();
    aside.add(refused(here, ['a'], false));
    expect(waits[0]?.ms).toBe(0);
    expect(said).toEqual([]);
    await tryNext([refused(here, ['a'])]);
    expect(waits[0]?.ms).toBe(200);
  });

  it('gives up all that is waiting when it is stopped, what is under way when it is refused, and what comes later', async () => {
    const { aside, stopping, waits, givenUp, answerNext } = setup();
    aside.add(refused(here, ['a']));
    aside.add(refused(there, ['x']));
    waits.shift()?.end();
    await turn();
    aside.add(refused(here, ['b']));
    stopping.abort();
    await turn();
    expect(givenUp).toEqual(['x']);
    await answerNext([refused(here, ['a'])]);
    expect(givenUp.toSorted()).toEqual(['a', 'b', 'x']);
    aside.add(refused(there, ['y']));
    expect(givenUp).toHaveLength(4);
  });
});
