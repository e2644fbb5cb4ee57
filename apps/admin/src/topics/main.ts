import { z } from 'zod';
import { topicSpecs } from '#contracts/topics';
import { inspectKafka, isFatal } from '#kafka/kafkajs/topic-inspection';
import { brokersTrouble, createTopics } from '#kafka/kafkajs/topics-command';
import { readConfig } from '#runtime/config';
import { kafkaPart } from '#runtime/config-parts';
import { kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { kafkaRelations } from '#runtime/kafka-relations';
import { runCommand, serverAnswers, serverWaitMsMax } from '#runtime/run-command';
import { createLog } from '#telemetry/log';
import { topicsReport } from './topics-report.js';

const usage = `Makes the topics of an installation that are missing, and verifies all of them: partitions, replicas, retention and
every other setting that matters, and which versions of Kafka's protocol the brokers take. Never alters a topic: what
differs is said with the command that mends it.

  npm run topics [-- --dry-run --json]

  --dry-run   changes nothing: says what is missing and what differs
  --json      prints the report as JSON: topics, created, differences
  --help      prints this

Reads KAFKA_BROKERS (and KAFKA_SSL*, KAFKA_SASL_*), TOPIC_PREFIX, TOPIC_PROFILE, EVENT_TOPICS, RETRY_TIERS.
Exit: 0 all is as it must be (warnings may stand), 1 something would lose or misplace records, or the brokers do not
answer within ${serverWaitMsMax / 1_000} s, 2 wrong options or configuration.
`;
const options = { 'dry-run': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } as const;

await runCommand({ options, usage }, async (flags) => {
  const config = readConfig(z.object(kafkaPart).superRefine(kafkaRelations), process.env);
  const kafka = kafkaSettingsOf(config);
  const log = createLog({ app: 'topics', level: 'error', sink: process.stderr });
  const server = `Kafka at ${config.KAFKA_BROKERS.join(',')}`;
  await serverAnswers({ server, trouble: () => brokersTrouble(kafka, log) });
  const wanted = topicSpecs(topicSettingsOf(config));
  const report = flags['dry-run']
    ? { created: [], differences: await inspectKafka(kafka, wanted, log) }
    : await createTopics(kafka, wanted, log);
  const topics = wanted.map(({ name }) => name);
  process.stdout.write(flags.json ? `${JSON.stringify({ topics, ...report })}\n` : topicsReport(topics, report));
  return report.differences.some(isFatal) ? 1 : 0;
});
