import type { AttemptReport } from '#domain/attempt';
import { type Clock, systemClock } from '#domain/clock';
import type { NotificationId } from '#domain/ids';
import { EgressAllowance } from '#egress/address-guard';
import { EgressClient, type EgressSettings } from '#egress/egress-client';
import { newSigningSecret } from '#egress/request-signature';
import { type AttemptRequest, sendAttempt } from '#egress/send-attempt';
import { type DnsScript, DnsServer } from './dns-server.js';
import { RawReceiver, type RawScript } from './raw-receiver.js';

export const connectTimeoutMs = 2_000;

/** A client of its own, what it sends to, and the name server it asks; all of it ends with `close`. */
export class EgressWorld {
  private readonly endings: (() => void | Promise<void>)[] = [];
  private readonly secrets = [newSigningSecret()];
  /** Added to the clock the client sees. */
  laterMs = 0;

  private constructor(
    readonly client: EgressClient,
    readonly dns: DnsServer,
    private readonly clock: Clock,
  ) {}

  static async open(settings: Partial<EgressSettings> = {}, script: DnsScript = toLoopback): Promise<EgressWorld> {
    const dns = await DnsServer.start(script);
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + world.laterMs };
    const client = new EgressClient(
      {
        ...{ allowance: new EgressAllowance(['127.0.0.0/29']), connectTimeoutMs, connectionsMax: 100, socketsMax: 100 },
        ...{ responseReadBytes: 65_536, responseStoreBytes: 16_384, version: 'test', dnsServers: [dns.address] },
        ...settings,
      },
      clock,
    );
    const world: EgressWorld = new EgressWorld(client, dns, clock);
    return world;
  }

  async receiver(script: RawScript): Promise<RawReceiver> {
    const receiver = await RawReceiver.start(script);
    this.endings.push(() => receiver.stop());
    return receiver;
  }

  onClose(end: () => void): void {
    this.endings.push(end);
  }

  send(url: string, fields: Partial<AttemptRequest> = {}): Promise<AttemptReport> {
    const request: AttemptRequest = {
      ...{ url, method: 'POST' as const, contentType: 'application/json', body: Buffer.from('{"a":1}') },
      ...{ notificationId: '018f0000-0000-7000-8000-000000000000' as NotificationId, attemptNumber: 1 },
      ...{ secrets: this.secrets, totalTimeoutMs: 10_000 },
    };
    return sendAttempt({ ...request, ...fields }, { client: this.client, clock: this.clock });
  }

  async close(): Promise<void> {
    await this.client.close();
    this.dns.stop();
    for (const end of this.endings.splice(0)) await end();
  }
}

function toLoopback() {
  return { addresses: ['127.0.0.1'] };
}
