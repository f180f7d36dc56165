import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';

/**
 * Which of these processes owns the other end of a loopback connection: /proc maps ports to sockets, and processes to
 * sockets. Undefined if the process has already ended, or the system is not Linux.
 */
export async function senderOf(
  { remotePort, localPort }: Socket,
  pids: readonly number[],
): Promise<number | undefined> {
  try {
    const inode = await inodeOf(remotePort!, localPort!);
    if (inode === undefined) return undefined;
    for (const pid of pids) if (await hasSocket(pid, inode)) return pid;
  } catch {
    // no /proc
  }
  return undefined;
}

/** `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode`; ports are hexadecimal. */
async function inodeOf(fromPort: number, toPort: number): Promise<string | undefined> {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const table = await readFile('/proc/net/tcp', 'utf8');
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(hex(fromPort)) && fields[2]?.endsWith(hex(toPort))) return fields[9];
  }
  return undefined;
}

async function hasSocket(pid: number, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const links = await readdir(folder).catch(() => []);
  for (const link of links) {
    if ((await readlink(`${folder}/${link}`).catch(() => '')) === `socket:[${inode}]`) return true;
  }
  return false;
}
