import { createRequire } from 'node:module';

/**
 * Loads an inner module of kafkajs, which has no `exports` map. What is changed in there is named where it is changed; the
 * version is pinned, and the tests of each change fail when the internals do.
 */
export const loadInternal = createRequire(import.meta.url);

/** A change to the client's classes, which all of its instances share: the first call makes it, further calls do nothing. */
export function once<Given extends readonly unknown[]>(change: (...given: Given) => void): (...given: Given) => void {
  let isMade = false;
  return (...given) => {
    if (isMade) return;
    isMade = true;
    change(...given);
  };
}
