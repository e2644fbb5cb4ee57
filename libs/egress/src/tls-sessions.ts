const sessionsMax = 1_000;
/** A session holds the receiver's certificate; a larger one is not kept. */
const sessionBytesMax = 8_192;

/**
 * The last TLS session of each `host:port`, so that the next connection needs no certificate and one round trip less. Never
 * of another host: what was verified for one name says nothing about another. At most 1,000 of 8 KiB, the oldest go first.
 */
export class TlsSessions {
  private readonly byHost = new Map<string, Buffer>();

  get size(): number {
    return this.byHost.size;
  }

  get(host: string): Buffer | undefined {
    return this.byHost.get(host);
  }

  keep(host: string, session: Buffer): void {
    this.byHost.delete(host);
    if (session.length > sessionBytesMax) return;
    const [oldest] = this.byHost.keys();
    if (this.byHost.size >= sessionsMax && oldest !== undefined) this.byHost.delete(oldest);
    this.byHost.set(host, session);
  }

  /** A handshake failed: the next one starts from nothing. */
  forget(host: string): void {
    this.byHost.delete(host);
  }
}
