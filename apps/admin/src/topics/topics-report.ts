import { isFatal } from '#kafka/kafkajs/topic-inspection';
import type { TopicsReport } from '#kafka/kafkajs/topics-command';

/** The report in words: each topic made, each difference and below it what mends it, and a line that sums up. */
export function topicsReport(topics: readonly string[], { created, differences }: TopicsReport): string {
  const fatal = differences.filter(isFatal).length;
  const warnings = differences.length - fatal;
  const losing = fatal > 0 ? `${fatal} that can lose or misplace records` : 'none that can lose records';
  const isAsWanted = differences.length === 0;
  const verdict = isAsWanted ? 'all as they should be' : `differences: ${losing}, ${warnings} to be told of`;
  return [
    ...created.map((name) => `created  ${name}`),
    ...differences.flatMap(({ name, severity, said, mend }) => [
      `${severity.padEnd(8)} ${name} ${said}`,
      `${' '.repeat(8)} mend it: ${mend}`,
    ]),
    `${topics.length} topics, ${created.length} created; ${verdict}`,
    '',
  ].join('\n');
}
