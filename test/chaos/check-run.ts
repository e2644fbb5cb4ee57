import { checkAttempts } from './check-attempts.js';
import { checkDuplicates } from './check-duplicates.js';
import { checkEvents, checkResends } from './check-events.js';
import { checkFaults } from './check-faults.js';
import { checkRequests } from './check-requests.js';
import { RunIndex } from './run-index.js';
import type { RunLogs, Violation } from './run-logs.js';

/** Every promise of the run that was not kept. */
export function checkRun(logs: RunLogs): readonly Violation[] {
  const index = new RunIndex(logs);
  return [
    ...checkEvents(index),
    ...checkAttempts(index),
    ...checkRequests(index),
    ...checkDuplicates(index),
    ...checkResends(index),
    ...checkFaults(index),
  ];
}
