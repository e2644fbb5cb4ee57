import type { DemoApp } from '../../deploy/local/demo/demo-apps.js';

/** Requests by kind: of Kafka `produce`, `fetch`, `commit` and `otherKafka`; `http` and `sql` where they are known. */
export type Requests = Readonly<Record<string, number>>;

const kinds: Readonly<Record<string, string>> = { Produce: 'produce', Fetch: 'fetch', OffsetCommit: 'commit' };

const answerMsMax = 10_000;

/** What the apps have asked of the brokers so far, from their own metrics. */
export async function kafkaRequestsOf(apps: readonly Pick<DemoApp, 'httpPort'>[]): Promise<Requests> {
  const texts = await Promise.all(
    apps.map(async ({ httpPort }) =>
      (await fetch(`http://127.0.0.1:${httpPort}/metrics`, { signal: AbortSignal.timeout(answerMsMax) })).text(),
    ),
  );
  return kafkaRequestsIn(texts.join('\n'));
}

/** Adds up `hookline_kafka_requests_total` of a text in the Prometheus format. */
export function kafkaRequestsIn(text: string): Requests {
  const counted: Record<string, number> = { produce: 0, fetch: 0, commit: 0, otherKafka: 0 };
  for (const [, api = '', value] of text.matchAll(
    /^hookline_kafka_requests_total\{[^}]*\bapi="(\w+)"[^}]*\} (\d+)/gm,
  )) {
    const kind = kinds[api] ?? 'otherKafka';
    counted[kind] = (counted[kind] ?? 0) + Number(value);
  }
  return counted;
}

export function requestsBetween(before: Requests, after: Requests): Requests {
  return Object.fromEntries(Object.entries(after).map(([kind, value]) => [kind, value - (before[kind] ?? 0)]));
}

/** `http 1.000, sql 0.020, ...` */
export function requestsText(perDelivery: Requests): string {
  return Object.entries(perDelivery)
    .map(([kind, value]) => `${kind} ${value.toFixed(3)}`)
    .join(', ');
}
