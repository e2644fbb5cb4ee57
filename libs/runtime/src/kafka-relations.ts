import type { z } from 'zod';
import type { KafkaConfig } from './config-values.js';

interface GroupTiming {
  readonly KAFKA_SESSION_TIMEOUT_MS: number;
  readonly KAFKA_HEARTBEAT_MS: number;
}

type Name = keyof KafkaConfig;

/** What must hold between the variables of a secured connection, so that nothing given is left unused unseen. */
const relations: readonly { readonly given: Name; readonly needs: Name; readonly why: string }[] = [
  { given: 'KAFKA_SSL_CERT_FILE', needs: 'KAFKA_SSL_KEY_FILE', why: 'a certificate is of no use without its key' },
  { given: 'KAFKA_SSL_KEY_FILE', needs: 'KAFKA_SSL_CERT_FILE', why: 'a key is of no use without its certificate' },
  { given: 'KAFKA_SSL_KEY_PASSWORD', needs: 'KAFKA_SSL_KEY_FILE', why: 'it opens that file' },
  { given: 'KAFKA_SASL_MECHANISM', needs: 'KAFKA_SASL_USERNAME', why: 'every mechanism needs it' },
  { given: 'KAFKA_SASL_MECHANISM', needs: 'KAFKA_SASL_PASSWORD', why: 'every mechanism needs it' },
  { given: 'KAFKA_SASL_USERNAME', needs: 'KAFKA_SASL_MECHANISM', why: 'without it nobody logs in' },
  { given: 'KAFKA_SASL_PASSWORD', needs: 'KAFKA_SASL_MECHANISM', why: 'without it nobody logs in' },
];
const ofTls: readonly Name[] = ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'];

/** Checks the Kafka variables of an app's schema against each other: `schema.superRefine(kafkaRelations)`. */
export function kafkaRelations(config: KafkaConfig & GroupTiming, context: z.RefinementCtx): void {
  const fault = (name: Name | keyof GroupTiming, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  for (const { given, needs, why } of relations)
    if (config[given] !== undefined && config[needs] === undefined) fault(needs, `must be given with ${given}: ${why}`);
  for (const name of ofTls)
    if (config[name] !== undefined && !config.KAFKA_SSL)
      fault('KAFKA_SSL', `must be true with ${name}: without it the connection is plain text`);
  if (config.KAFKA_HEARTBEAT_MS >= config.KAFKA_SESSION_TIMEOUT_MS)
    fault('KAFKA_HEARTBEAT_MS', 'must be less than KAFKA_SESSION_TIMEOUT_MS: a third of it is usual');
}
