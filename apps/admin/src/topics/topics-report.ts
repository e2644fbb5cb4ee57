import type { TopicsReport } from '#kafka/topics-command';

/** The report in words: a line for each topic made, a line for each difference, and one that sums up. */
export function topicsReport(topics: readonly string[], { created, differences }: TopicsReport): string {
  const fatal = differences.filter(({ severity }) => severity === 'fatal').length;
  const warnings = differences.length - fatal;
  const losing = fatal > 0 ? `${fatal} that can lose or misplace records` : 'none that can lose records';
  const isAsWanted = differences.length === 0;
  const verdict = isAsWanted ? 'all as they should be' : `differences: ${losing}, ${warnings} to be told of`;
  return [
    ...created.map((name) => `created  ${name}`),
    ...differences.map(({ topic, severity, said }) => `${severity.padEnd(8)} ${topic} ${said}`),
    `${topics.length} topics, ${created.length} created; ${verdict}`,
    '',
  ].join('\n');
}
