import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { aSecret, wire } from '../support/configure.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { expectNothingLost, Load } from '../support/load.js';
import { type AppName, Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'];
const workers: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler'];
const joinMsMax = 90_000;
/** A minute and a half of waiting for time-outs; the sink alone is proved in `record-sink.spec.ts`. */
const withSlowTests = process.env['HOOKLINE_SLOW_TESTS'] === '1';
/** An attempt that this busy machine is too slow for is made again, as it must; none is to be here. */
const settings = {
  TOPIC_PROFILE: 'production',
  ATTEMPT_TIMEOUT_MS: '12000',
  KAFKA_REBALANCE_TIMEOUT_MS: '25000',
};

describe('three brokers under load', () => {
  let cluster: KafkaCluster;
  let stack: Stack;
  let receiver: WebhookReceiver;
  let load: Load;
  let total = 0;

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
    receiver = await WebhookReceiver.start();
    const postgres = { postgresUrl: inject('postgresUrl'), templateDatabase: inject('templateDatabase') };
    const servers = { kafkaBrokers: cluster.brokers, ...postgres };
    stack = await Stack.start(apps, settings, servers);
    const secret = aSecret();
    const slowAndFlaky = later(20, (nth, _response, request) =>
      nth === 1 && String(request.headers['webhook-id']).endsWith('1') ? 500 : 200,
    );
    const url = receiver.on('/all', secret, slowAndFlaky);
    await wire(stack, [{ id: 'all', url, secret, eventTypes: ['loan.*'], concurrency: 20 }]);
  });

  afterEach(() => {
    load?.cease(); // of a test that failed: it is not the load of the next one
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
    await cluster?.stop();
  });

  /** What had been produced before is sent as well; no app died on the way. */
  async function expectAllSent(): Promise<void> {
    total += await load.end();
    await expectNothingLost(stack, receiver, total);
    for (const name of apps) expect((await stack.app(name).probe('/livez')).status, name).toBe(200);
  }

  async function allReady(): Promise<void> {
    await Promise.all(workers.map((name) => stack.app(name).ready(joinMsMax)));
  }

  it('lose and repeat nothing when one after the other is killed and comes back', async () => {
    load = new Load(stack, receiver);
    await load.goesOn(100, 'before');
    for (const node of cluster.nodes) {
      await node.crash();
      await load.goesOn(100, `without broker ${node.id}`);
      await node.revive();
      await load.goesOn(100, `with broker ${node.id} again`);
      await cluster.inSync(); // who takes the next one away before this takes two
    }
    await expectAllSent();
  });

  it('lose and repeat nothing when all of them are killed and come back', async () => {
    load = new Load(stack, receiver);
    await load.goesOn(200, 'before');
    await Promise.all(cluster.nodes.map((node) => node.crash()));
    await until(async () => (await stack.app('dispatcher').probe('/readyz')).status === 503, {
      what: 'the dispatcher says so',
      limitMs: joinMsMax,
    });
    await Promise.all(cluster.nodes.map((node) => node.revive()));
    await load.goesOn(200, 'after');
    await allReady();
    await expectAllSent();
  });

  it('build their consumers anew when the client gives up for good because nobody names a coordinator', async () => {
    load = new Load(stack, receiver);
    await load.goesOn(100, 'before');
    const linesBefore = new Map(workers.map((name) => [name, stack.app(name).lines.length]));
    for (const { proxy } of cluster.nodes) {
      proxy.resetOn('findCoordinator');
      proxy.resetOn('heartbeat'); // a client asks for its coordinator when it joins again
    }
    for (const name of workers) {
      const { lines } = stack.app(name);
      const isGivenUp = (line: string) => line.includes('consumer.rebuilding') && /coordinator/i.test(line);
      const what = `${name} gives up`;
      await until(() => lines.slice(linesBefore.get(name)).some(isGivenUp), { what, limitMs: joinMsMax });
    }
    for (const { proxy } of cluster.nodes) proxy.heal();
    await allReady();
    await load.goesOn(100, 'after');
    await expectAllSent();
  });

  it.skipIf(!withSlowTests)(
    'end an app that cannot join although they answer, with exit code 1 and the cause',
    async () => {
      for (const { proxy } of cluster.nodes) proxy.resetOn('joinGroup');
      const app = await TestApp.start('dispatcher', stack.env);
      const deadLine = () => app.lines.find((line) => line.includes('process.dead'));
      // Three rebuilds of forty seconds.
      await until(deadLine, { what: 'it gives up', limitMs: 300_000 });
      expect(deadLine()).toMatch(/"cause":"Kafka: /);
      expect(await app.ended()).toBe(1);
      for (const { proxy } of cluster.nodes) proxy.heal();
      for (const name of workers) expect((await stack.app(name).probe('/livez')).status, name).toBe(200);
    },
    400_000,
  );

  it.skipIf(!withSlowTests)('come back when all connections fell silent without a close', async () => {
    load = new Load(stack, receiver);
    await load.goesOn(100, 'before');
    for (const { proxy } of cluster.nodes) proxy.blackHole();
    await load.goesOn(200, 'on new connections');
    await allReady();
    await expectAllSent();
  });
});
