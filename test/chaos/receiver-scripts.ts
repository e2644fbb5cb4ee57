import { retryAfterSeconds, type Script } from './chaos-settings.js';

/** What becomes of one request. */
export type ScriptedAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly afterMs: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** The connection is reset before any byte of an answer. */
  | { readonly kind: 'reset'; readonly afterMs: number }
  /** No answer, until whoever asks gives up. */
  | { readonly kind: 'hang' };

/** Where a redirect leads to: nobody may come there. */
export const canaryPath = '/canary';

const flakyShare = 0.3;
/** Of its failures those that redirect. */
const redirectShare = 0.3;
const unavailableShare = 0.5;
const resetShare = 0.5;
const hangShare = 0.4;
const quickMs = [5, 30] as const;
const slowMs = [300, 1_400] as const;

/** An endpoint that is down again and again: of each round so long. Milliseconds. */
const flappingRoundMs = 20_000;
const flappingDownMs = 8_000;

/** What one answer depends on. */
export interface ScriptedBy {
  /** Numbers in [0, 1). */
  readonly chance: number;
  readonly other: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The answer of a script to one attempt. */
export function answerOf(script: Script, { chance, other, nowMs }: ScriptedBy): ScriptedAnswer {
  switch (script) {
    case 'ok':
      return answer(200, within(quickMs, other));
    case 'slow':
      return answer(200, within(slowMs, other));
    case 'flaky':
      if (chance >= flakyShare) return answer(200, within(quickMs, other));
      if (chance >= flakyShare * redirectShare) return answer(500, within(quickMs, other));
      return answer(302, within(quickMs, other), { location: canaryPath });
    case 'unavailable':
      if (chance >= unavailableShare) return answer(204, within(quickMs, other));
      return answer(503, within(quickMs, other), { 'retry-after': String(retryAfterSeconds) });
    case 'reset':
      return chance < resetShare
        ? { kind: 'reset', afterMs: within(quickMs, other) }
        : answer(200, within(quickMs, other));
    case 'hang':
      return chance < hangShare ? { kind: 'hang' } : answer(200, within(quickMs, other));
    case 'flapping':
      return answer(nowMs % flappingRoundMs < flappingDownMs ? 500 : 200, within(quickMs, other));
    case 'dead':
      return answer(500, within(quickMs, other));
  }
}

function answer(status: number, afterMs: number, headers: Readonly<Record<string, string>> = {}): ScriptedAnswer {
  return { kind: 'answer', status, afterMs, headers };
}

function within([least, most]: readonly [number, number], chance: number): number {
  return least + Math.round(chance * (most - least));
}
