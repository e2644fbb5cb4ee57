import type { RunIndex } from './run-index.js';
import type { InjectedFault, Violation } from './run-logs.js';

/** EXIT: no app ends by itself, and one that is stopped while its servers are there drains and exits 0. */
export function checkFaults(index: RunIndex): readonly Violation[] {
  return index.logs.faults.flatMap((fault) => {
    const about = `${fault.kind} ${fault.part} at ${new Date(fault.fromMs).toISOString()}`;
    if (fault.kind === 'exit') return [{ invariant: 'EXIT', about, said: `it ended by itself (${fault.exitCode})` }];
    if (fault.kind !== 'stop' || fault.exitCode === 0 || serverWasAway(fault, index)) return [];
    const said = fault.exitCode == null ? 'it had to be killed' : `it exited ${fault.exitCode}`;
    return [{ invariant: 'EXIT', about, said }];
  });
}

/** What is under way cannot be recorded then. */
function serverWasAway({ fromMs, untilMs }: InjectedFault, index: RunIndex): boolean {
  const isServer = ({ part }: InjectedFault) => part === 'kafka' || part === 'postgres' || part === 'cpu';
  return index.faultsWithin(fromMs, untilMs, isServer).length > 0;
}
