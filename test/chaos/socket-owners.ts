import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Columns of /proc/net/tcp (`man 5 proc`): the local address in hexadecimal, and the socket's inode. */
const column = { local: 1, inode: 9 } as const;

/** Of some local TCP ports, how many are ends of connections that this process holds. 0 when it is gone. Linux only. */
export function portsOf(pid: number, ports: readonly number[]): number {
  if (ports.length === 0) return 0;
  const wanted = new Set(ports);
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of linesOf(table)) {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[column.local]?.split(':')[1] ?? '', 16);
      const inode = fields[column.inode];
      if (wanted.has(port) && inode !== undefined && inode !== '0') inodes.add(inode);
    }
  return inodes.size === 0 ? 0 : heldInodes(pid).filter((inode) => inodes.has(inode)).length;
}

function heldInodes(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // it was closed meanwhile
      }
    });
  } catch {
    return []; // the process is gone
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return []; // no IPv6 here
  }
}
