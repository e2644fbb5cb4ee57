import type { Socket } from 'node:net';

/** A socket that may be opened; given back at once, or when the socket has closed. */
export interface SocketPlace {
  /** The place is the socket's from here on, and is free again when it has closed. */
  fill(socket: Socket): void;
  /** No socket was opened. */
  giveBack(): void;
}

/** Someone who waits for a place. */
interface Waiter {
  readonly take: (place: SocketPlace) => void;
}

/**
 * How many sockets this process has open to receivers, idle ones included. Where there is no place for another one, the
 * one that is idle longest is closed, whoever it belongs to; where none is idle, the first that comes free is waited for.
 * Ten thousand receivers with a notification each leave no more sockets than this behind.
 */
export class SocketBudget {
  private taken = 0;
  /** Open and without a request; longest idle first. */
  private readonly idle = new Set<Socket>();
  private readonly waiting = new Set<Waiter>();
  /** Idle sockets that were destroyed and have not closed yet: their places are on the way. */
  private closing = 0;

  /** @param socketsMax from 1 */
  constructor(private readonly socketsMax: number) {}

  /** Sockets open or being opened. */
  get openCount(): number {
    return this.taken;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  /** Calls back with a place, perhaps at once. Answers how to wait no longer. */
  acquire(take: (place: SocketPlace) => void): () => void {
    if (this.taken < this.socketsMax) {
      take(this.place());
      return () => undefined;
    }
    const waiter = { take };
    this.waiting.add(waiter);
    this.makeRoom();
    return () => void this.waiting.delete(waiter);
  }

  noteBusy(socket: Socket): void {
    this.idle.delete(socket);
  }

  /** Its request has ended. Nothing is closed before the caller's turn is over: it may stand in the socket's own event. */
  noteIdle(socket: Socket): void {
    if (socket.destroyed) return;
    this.idle.add(socket);
    if (this.waiting.size > 0) queueMicrotask(() => this.makeRoom());
  }

  private makeRoom(): void {
    for (const socket of this.idle) {
      if (this.closing >= this.waiting.size) return;
      this.idle.delete(socket);
      this.closing++;
      socket.once('close', () => this.closing--);
      socket.destroy();
    }
  }

  private place(): SocketPlace {
    this.taken++;
    let isHeld = true;
    const giveBack = () => {
      if (!isHeld) return;
      isHeld = false;
      this.taken--;
      this.callNext();
    };
    const fill = (socket: Socket) => {
      socket.once('close', () => {
        this.idle.delete(socket);
        giveBack();
      });
    };
    return { fill, giveBack };
  }

  private callNext(): void {
    const [next] = this.waiting;
    if (next === undefined || this.taken >= this.socketsMax) return;
    this.waiting.delete(next);
    next.take(this.place());
  }
}
