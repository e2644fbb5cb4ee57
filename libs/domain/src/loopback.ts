const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const loopback = new RegExp(`^(localhost|127(\\.${octet}){3}|::1|\\[::1\\])$`, 'i');

/** Whether a host name or address means this machine only. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}
