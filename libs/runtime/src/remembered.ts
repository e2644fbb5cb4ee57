import type { Clock } from '#domain/clock';

/** Asks once and remembers the answer for `ageMs` milliseconds; callers in between share one question. A failure is not remembered. */
export function remembered<T>(ask: () => Promise<T>, ageMs: number, clock: Clock): () => Promise<T> {
  let answer: Promise<T> | null = null;
  let askedMs = 0;
  return () => {
    if (answer !== null && clock.monotonicMs() - askedMs < ageMs) return answer;
    askedMs = clock.monotonicMs();
    const fresh = ask();
    answer = fresh;
    fresh.catch(() => {
      if (answer === fresh) answer = null;
    });
    return fresh;
  };
}
