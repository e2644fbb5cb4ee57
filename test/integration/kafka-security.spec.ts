import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#domain/clock';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { readConfig } from '#runtime/config';
import { kafkaPart } from '#runtime/config-parts';
import { kafkaSettingsOf } from '#runtime/config-values';
import { kafkaRelations } from '#runtime/kafka-relations';
import { createLog } from '#telemetry/log';
import { encryptedKey, TestAuthority } from '../support/certificates.js';
import { SecuredKafka } from '../support/secured-kafka.js';
import { until } from '../support/until.js';

const topic = 'secured';
const user = 'hookline';
const passwords = { first: 'marker-password-one', second: 'marker-password-two', ofKey: 'marker-key-password' };
const patienceMs = 45_000;

let kafka: SecuredKafka;
let folder: string;
let files = 0;
const lines: string[] = [];
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  kafka = await SecuredKafka.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-secured-client-'));
  await kafka.setPassword(user, passwords.first);
  const wanted = [{ name: topic, partitions: 1, replicationFactor: 1, config: {} }];
  await createTopics({ brokers: [kafka.addresses.plain], ssl: false }, wanted, logOf());
}, 180_000);

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

afterAll(async () => {
  await kafka?.stop();
});

function logOf() {
  const sink = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  return createLog({ app: 'test', level: 'debug', sink });
}

function file(text: string): string {
  const name = path.join(folder, `${files++}.pem`);
  writeFileSync(name, text);
  return name;
}

/** The environment of SCRAM over TLS, with the password in a file. */
function scramEnv(passwordFile: string): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: kafka.addresses.scram,
    KAFKA_SSL: 'true',
    KAFKA_SSL_CA_FILE: kafka.caFile,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD_FILE: passwordFile,
  };
}

/** A producer and a consumer, as an app makes them from its environment. */
function connect(env: Readonly<Record<string, string>>) {
  const settings = kafkaSettingsOf(readConfig(z.object(kafkaPart).superRefine(kafkaRelations), env));
  const read: string[] = [];
  const sink = new KafkaRecordProducer(settings, 'test', logOf(), systemClock);
  const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 500, rebalanceTimeoutMs: 6_000 };
  const group = { kafka: settings, groupId: `secured-${files++}`, topics: [topic], ...timing };
  const source = new KafkajsSource(group, logOf(), systemClock);
  source.start({
    onAssigned: async () => undefined,
    onRevoking: () => undefined,
    onLost: () => undefined,
    onRecords: (records) => read.push(...records.map(({ value }) => String(value))),
  });
  open.push(sink, source);
  const passOn = async (text: string) => {
    await sink.send({ topic, key: null, value: Buffer.from(text), headers: {} });
    await until(() => read.includes(text), { what: `${text} is read`, limitMs: patienceMs });
  };
  /** Resolves once producer and consumer both say it. */
  const says = async (words: RegExp) => {
    let said: readonly (string | null)[] = [];
    const look = async () => {
      said = [await sink.whatIsWrong(), source.whatIsWrong()];
      return said.every((one) => one !== null && words.test(one));
    };
    await until(look, { what: String(words), limitMs: patienceMs }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${said.join('\n')}`);
    });
  };
  const recovers = () =>
    until(async () => (await sink.whatIsWrong()) === null && source.whatIsWrong() === null, {
      ...{ what: 'producer and consumer are well', limitMs: patienceMs },
    });
  return { sink, source, passOn, says, recovers };
}

describe('a connection to Kafka', () => {
  it('logs in with SCRAM over TLS, to brokers of a private authority', async () => {
    const client = connect(scramEnv(file(passwords.first)));
    await client.passOn('over-scram');
    expect(client.source.whatIsWrong()).toBeNull();
  });

  it('shows a certificate, whose key may be encrypted', async () => {
    const mutual = { KAFKA_BROKERS: kafka.addresses.mutual, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: kafka.caFile };
    const { cert, key } = kafka.authority.issue({ name: user });
    const plainKey = { KAFKA_SSL_CERT_FILE: file(cert), KAFKA_SSL_KEY_FILE: file(key) };
    await connect({ ...mutual, ...plainKey }).passOn('over-mutual-tls');
    const sealed = { KAFKA_SSL_KEY_FILE: file(encryptedKey(key, passwords.ofKey)) };
    const opened = { KAFKA_SSL_KEY_PASSWORD_FILE: file(passwords.ofKey) };
    await connect({ ...mutual, ...plainKey, ...sealed, ...opened }).passOn('with-an-encrypted-key');
    const wrong = { KAFKA_SSL_KEY_PASSWORD: 'wrong' };
    expect(() => connect({ ...mutual, ...plainKey, ...sealed, ...wrong })).toThrow(
      /KAFKA_SSL_KEY_PASSWORD does not open/,
    );
    expect(() => connect({ ...mutual, ...plainKey, KAFKA_SSL_KEY_FILE: file('nothing') })).toThrow(/holds no PEM/);
  });

  it.each([
    ['without a certificate', () => ({})],
    ['with a certificate of another authority', () => strangersFiles()],
  ])('says what to do when the broker wants a certificate and it comes %s', async (_, ofClient) => {
    const mutual = { KAFKA_BROKERS: kafka.addresses.mutual, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: kafka.caFile };
    await connect({ ...mutual, ...ofClient() }).says(
      /refuses our certificate .*KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE/,
    );
  });

  it.each([
    [
      'the authority is another',
      () => ({ KAFKA_SSL_CA_FILE: strangersCa() }),
      /no authority we trust .*KAFKA_SSL_CA_FILE must/,
    ],
    [
      'the certificate has expired',
      () => ({ KAFKA_BROKERS: kafka.addresses.expired }),
      /has expired \(CERT_HAS_EXPIRED\): renew/,
    ],
    [
      'the certificate is for another host',
      () => ({ KAFKA_BROKERS: kafka.addresses.elsewhere }),
      /for another host .*elsewhere\.test/,
    ],
    [
      'the password is wrong',
      () => ({ KAFKA_SASL_PASSWORD_FILE: file('wrong') }),
      /authentication failed.*check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/i,
    ],
    ['the port speaks no TLS', () => ({ KAFKA_BROKERS: kafka.addresses.plain }), /KAFKA_SSL=true asks for/],
  ])('says what to do when %s, and sends nothing', async (_, change, words) => {
    const client = connect({ ...scramEnv(file(passwords.first)), ...change() });
    const record = { topic, key: null, value: Buffer.from('never'), headers: {} };
    const unsent = client.sink.send(record).then(() => 'sent', String);
    await client.says(words);
    await client.sink.stop();
    expect(await unsent).toMatch(/stopped before the record was written/);
  });

  it('says what to do when the port speaks TLS and it does not', async () => {
    await connect({ KAFKA_BROKERS: kafka.addresses.mutual }).says(/speaks TLS on this port: set KAFKA_SSL=true/);
  });

  it('goes on without a restart once the right authority and password are put in place', async () => {
    const [caFile, passwordFile] = [strangersCa(), file('wrong')];
    const client = connect({ ...scramEnv(passwordFile), KAFKA_SSL_CA_FILE: caFile });
    await client.says(/no authority we trust/);
    writeFileSync(caFile, kafka.authority.cert);
    await client.says(/check KAFKA_SASL_USERNAME/);
    writeFileSync(passwordFile, `${passwords.first}\n`);
    await client.recovers();
    await client.passOn('after-the-right-files');
  });

  it('logs in again with the password its file holds by then, when a login ends and when the broker was away', async () => {
    const passwordFile = file(passwords.first);
    const client = connect({ ...scramEnv(passwordFile), KAFKA_BROKERS: kafka.addresses.shortLogin });
    await client.passOn('with-the-first-password');
    await kafka.setPassword(user, passwords.second);
    // Nothing ended the connections: the broker asks again, and hears the old password.
    await client.says(/check KAFKA_SASL_USERNAME/);
    writeFileSync(passwordFile, passwords.second);
    await client.recovers();
    await client.passOn('with-the-second-password');
    await kafka.setPassword(user, passwords.first);
    writeFileSync(passwordFile, passwords.first);
    await kafka.restart();
    await client.passOn('after-the-broker-was-away');
  }, 240_000);

  it('keeps the files it has while new ones are half written, and then takes those', async () => {
    const { cert, key } = kafka.authority.issue({ name: user });
    const [certFile, keyFile] = [file(cert), file(key)];
    const client = connect({
      ...{ KAFKA_BROKERS: kafka.addresses.mutual, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: kafka.caFile },
      ...{ KAFKA_SSL_CERT_FILE: certFile, KAFKA_SSL_KEY_FILE: keyFile },
    });
    await client.passOn('before-the-renewal');
    const renewed = new TestAuthority('A stranger').issue({ name: user });
    writeFileSync(certFile, renewed.cert);
    await kafka.restart();
    await client.passOn('while-one-file-is-new');
    expect(
      lines.some((line) => line.includes('kafka.filesRefused') && line.includes('not that of the certificate')),
    ).toBe(true);
    writeFileSync(keyFile, renewed.key);
    await kafka.restart();
    // That these are refused proves that they were read.
    await client.says(/refuses our certificate/);
  }, 240_000);

  it('writes no secret into its log, whatever went wrong', () => {
    const text = lines.join('\n');
    expect(text.length).toBeGreaterThan(1_000);
    for (const needle of [...Object.values(passwords), 'PRIVATE KEY'])
      expect(text.includes(needle), needle).toBe(false);
  });
});

function strangersCa(): string {
  return file(new TestAuthority('A stranger').cert);
}

function strangersFiles(): Readonly<Record<string, string>> {
  const { cert, key } = new TestAuthority('A stranger').issue({ name: user });
  return { KAFKA_SSL_CERT_FILE: file(cert), KAFKA_SSL_KEY_FILE: file(key) };
}
