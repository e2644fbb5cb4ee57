import { arrayLiteral } from './array-literal.js';

type Query = (...given: unknown[]) => Promise<unknown>;

/**
 * How long a session keeps a plan, in milliseconds. One that was made while a table was empty may go through a whole index
 * when it has filled (an index that merely holds the key costs no more than the primary one then), and Postgres itself
 * makes it anew only when the table is analyzed.
 */
const planMsMax = 5_000;

/**
 * Makes a prepared statement of each that has parameters, and writes its arrays. Planning one over all table partitions
 * costs 1 to 3 ms of Postgres, many times what a small batch takes to run; the statements of such a pool are few and never
 * change.
 */
export function keepPlans(prototype: { query: unknown }): void {
  const query = prototype.query as Query;
  const names = new Map<string, string>();
  const plannedMs = new WeakMap<object, number>();
  prototype.query = function (this: object, ...given: unknown[]) {
    const [text, values, ...rest] = given;
    if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0) return query.apply(this, given);
    const name = names.get(text) ?? `hookline_${names.size}`;
    names.set(text, name);
    const run = () => query.call(this, { name, text, values: values.map(written) }, ...rest);
    return areOld(this, plannedMs) ? query.call(this, 'DISCARD PLANS').then(run) : run();
  };
}

/** Whether a session's plans are to be made anew; begins to count when they are. */
function areOld(session: object, plannedMs: WeakMap<object, number>): boolean {
  const nowMs = performance.now();
  const sinceMs = plannedMs.get(session) ?? nowMs;
  const old = nowMs - sinceMs > planMsMax;
  plannedMs.set(session, old ? nowMs : sinceMs);
  return old;
}

function written(value: unknown): unknown {
  return Array.isArray(value) ? (arrayLiteral(value) ?? value) : value;
}
