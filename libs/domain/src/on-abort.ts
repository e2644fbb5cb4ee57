const waitingFor = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal is aborted (at once if it is already), and answers how to stop waiting for that. Thousands may
 * wait for one signal: an event target looks through all of its listeners whenever one is added. No callback may throw.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const callbacks = waitingFor.get(signal) ?? listenOnce(signal);
  // Two may wait with the same function: each is an entry of its own.
  const entry = () => callback();
  callbacks.add(entry);
  return () => void callbacks.delete(entry);
}

function listenOnce(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  waitingFor.set(signal, callbacks);
  signal.addEventListener(
    'abort',
    () => {
      for (const callback of callbacks) callback();
      callbacks.clear();
    },
    { once: true },
  );
  return callbacks;
}
