import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** What is answered for a name: addresses of the family asked for are picked, without any there is no data. */
export interface DnsAnswer {
  /** RFC 1035, 4.1.1: 0 no error, 2 SERVFAIL, 3 NXDOMAIN. */
  readonly rcode?: number;
  readonly addresses?: readonly string[];
  readonly ttlS?: number;
}

/** Answers the nth question for a name, from 1; questions for both families count apart. */
export type DnsScript = (name: string, nth: number) => DnsAnswer | 'silence';

const typeA = 1;
const typeAaaa = 28;
const headerBytes = 12;

/** A name server on UDP for A and AAAA, whose answers the test writes. */
export class DnsServer {
  /** Every question, `A name` or `AAAA name`. */
  readonly questions: string[] = [];

  private constructor(
    private readonly socket: Socket,
    private readonly script: DnsScript,
  ) {
    socket.on('message', (query, from) => this.answer(query, from));
  }

  static async start(script: DnsScript): Promise<DnsServer> {
    const socket = createSocket('udp4');
    const server = new DnsServer(socket, script);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): void {
    this.socket.close();
  }

  private answer(query: Buffer, { port, address }: RemoteInfo): void {
    const { name, end } = nameAt(query, headerBytes);
    const type = query.readUInt16BE(end);
    const question = `${type === typeA ? 'A' : 'AAAA'} ${name}`;
    this.questions.push(question);
    const answer = this.script(name, this.questions.filter((one) => one === question).length);
    if (answer === 'silence') return;
    this.socket.send(reply(query.subarray(0, end + 4), type, answer), port, address);
  }
}

function nameAt(query: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function reply(asked: Buffer, type: number, { rcode = 0, addresses = [], ttlS = 60 }: DnsAnswer): Buffer {
  const fitting = addresses.filter((one) => isIPv6(one) === (type === typeAaaa));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(asked.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8180 | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(fitting.length, 6);
  return Buffer.concat([header, asked.subarray(headerBytes), ...fitting.map((one) => record(one, type, ttlS))]);
}

/** Its name is a pointer to the question's. */
function record(address: string, type: number, ttlS: number): Buffer {
  const data = type === typeA ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | headerBytes, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlS, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function ipv6Bytes(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)));
  const tail = right === undefined ? [] : words(right);
  const head = words(left);
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}
