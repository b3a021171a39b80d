import { existsSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isOpenable } from '../../../drivers/presence.ts';
import { listHolders, nameHolder } from '../../../drivers/serial/port-holder.ts';
import { stableNameOf, unstableName } from '../../../drivers/serial/stable-name.ts';
import { findUsbPort, parseUsbPort } from '../../../drivers/serial/usb-port.ts';
import type { Config } from '../../config/config.ts';
import type { SerialFacts } from '../facts.ts';
import { groupOf } from './group.ts';
import { namesIn, readText, type SystemRoot } from './system.ts';

/** Looks at the ports of the config without opening any. `agentPid`: it holds its own. */
export async function probeSerial(
  config: Config,
  root: SystemRoot,
  agentPid: number | undefined,
): Promise<readonly SerialFacts[]> {
  const consoles = await consolesOf(root);
  const ports = Object.entries(config.documents).flatMap(([document, row]) =>
    'port' in row && !row.port.startsWith('simulated:') ? [{ document, port: row.port }] : [],
  );
  return await Promise.all(ports.map((port) => look(port, root, consoles, agentPid)));
}

async function look(
  { document, port }: { readonly document: string; readonly port: string },
  root: SystemRoot,
  consoles: readonly string[],
  agentPid: number | undefined,
): Promise<SerialFacts> {
  const device = await deviceOf(port, root);
  if (device === undefined) return { document, port, isOpenable: false, holders: [], isConsole: false };
  const group = await groupOf(device, root);
  return {
    document,
    port,
    device,
    isOpenable: await isOpenable(device),
    ...(group === undefined ? {} : { group }),
    ...(unstableName.test(port) && { stableName: await betterNameOf(device, root) }),
    holders: await holdersOf(device, root, agentPid),
    isConsole: consoles.includes(await realpath(device)),
  };
}

async function betterNameOf(device: string, { dev }: SystemRoot): Promise<string> {
  const stable = await stableNameOf(device, path.join(dev, 'serial', 'by-id'));
  return stable === undefined ? '{ vendorId: …, productId: … }, see udevadm info' : `/dev/serial/by-id/${stable}`;
}

async function deviceOf(port: string, root: SystemRoot): Promise<string | undefined> {
  const usb = parseUsbPort(port);
  if (usb !== undefined) {
    const found = await findUsbPort(usb, root);
    return found.ok ? found.value : undefined;
  }
  const device = port.startsWith('/dev/') ? path.join(root.dev, port.slice('/dev/'.length)) : port;
  return existsSync(device) ? device : undefined;
}

/** Those who have it open, and those who have it locked. */
async function holdersOf(device: string, root: SystemRoot, agentPid: number | undefined): Promise<readonly string[]> {
  const open = await listHolders(device, root);
  const locked = await lockersOf(device, root);
  const pids = [...new Set([...open, ...locked])].filter((pid) => pid !== agentPid && pid !== process.pid);
  return await Promise.all(pids.map((pid) => nameHolder(pid, root)));
}

/** Lines of /proc/locks: `1: FLOCK  ADVISORY  WRITE 812 00:18:3 0 EOF`, with the numbers of the file in hexadecimal. */
async function lockersOf(device: string, { proc }: SystemRoot): Promise<readonly number[]> {
  const { ino } = statSync(device);
  const lines = (await readText(path.join(proc, 'locks'))).split('\n');
  return lines.flatMap((line) => {
    const [, pid, inode] = /\s(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? [];
    const isTty = Number(inode) === ino && Number(pid) > 0;
    return isTty ? [Number(pid)] : [];
  });
}

/** The devices that the kernel writes its messages to, and those with a login. */
async function consolesOf({ proc, dev, sys }: SystemRoot): Promise<readonly string[]> {
  const cmdline = await readText(path.join(proc, 'cmdline'));
  const named = [...cmdline.matchAll(/\bconsole=([A-Za-z0-9]+)/g)].map(([, name = '']) => name);
  const active = (await readText(path.join(sys, 'class', 'tty', 'console', 'active'))).trim().split(' ');
  const names = new Set([...named, ...active].filter((name) => name !== ''));
  const there = new Set(await namesIn(dev));
  return await Promise.all([...names].filter((name) => there.has(name)).map((name) => realpath(path.join(dev, name))));
}
