import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BootFiles, SdCard } from './sd-card.ts';

export const boardKinds = ['virt', 'raspi3b'] as const;
export type BoardKind = (typeof boardKinds)[number];

const shellMsMax = 120_000;

export interface BoardPlan {
  readonly kind: BoardKind;
  readonly card: SdCard;
  readonly boot: BootFiles;
  readonly folder: string;
  readonly sshPort: number;
  readonly sshKey: string;
  readonly consoleLog: string;
}

/** A board that is switched on. */
export interface EmulatedBoard extends AsyncDisposable {
  readonly console: string;
  /** As `ssh admin@board`; what the command prints. Rejects when it fails. */
  shell(command: string): Promise<string>;
  /** From one moment to the next. */
  cutPower(): Promise<void>;
}

/** We are the firmware: the kernel, its options and its device tree come from the card. */
export function switchOn({ kind, card, boot, folder, sshPort, sshKey, consoleLog }: BoardPlan): EmulatedBoard {
  const machine = spawn('qemu-system-aarch64', operands(kind, { card, boot, folder, sshPort }), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(consoleLog, { flags: 'a' });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-200_000);
      log.write(chunk);
    });
  }
  const killOnExit = () => machine.kill('SIGKILL');
  process.once('exit', killOnExit);
  async function cutPower(): Promise<void> {
    await end(machine);
    process.off('exit', killOnExit);
    log.end();
  }
  return {
    get console() {
      return said;
    },
    cutPower,
    async shell(command) {
      const options = [
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        'LogLevel=ERROR',
        'ConnectTimeout=60',
      ];
      const login = ['-i', sshKey, '-p', String(sshPort), ...options.flatMap((option) => ['-o', option])];
      const { stdout } = await promisify(execFile)('ssh', [...login, 'admin@127.0.0.1', command], {
        timeout: shellMsMax,
      });
      return stdout.trim();
    },
    [Symbol.asyncDispose]: cutPower,
  };
}

async function end(machine: ChildProcess): Promise<void> {
  if (machine.exitCode !== null || machine.signalCode !== null) return;
  const gone = once(machine, 'exit');
  machine.kill('SIGKILL');
  await gone;
}

function operands(
  kind: BoardKind,
  { card, boot, folder, sshPort }: Pick<BoardPlan, 'card' | 'boot' | 'folder' | 'sshPort'>,
): readonly string[] {
  const network = `user,id=net,hostfwd=tcp:127.0.0.1:${sshPort}-:22`;
  const common = [
    ...['-nodefaults', '-nographic', '-serial', 'stdio', '-netdev', network],
    ...['-kernel', boot.kernel, '-initrd', boot.initrd],
    // A screen is no help here; and where it hangs it shall not stay.
    ...['-append', `${boot.commandLine} console=ttyAMA0,115200 panic=10`],
  ];
  if (kind === 'virt') {
    const drive = ['-drive', `if=none,id=card,format=raw,file=${card.file}`, '-device', 'virtio-blk-pci,drive=card'];
    const machine = ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', '1024'];
    return [...machine, ...common, ...drive, '-device', 'virtio-net-pci,netdev=net,romfile='];
  }
  const tree = path.join(folder, 'board.dtb');
  card.take('bcm2837-rpi-3-b.dtb', tree);
  const drive = ['-drive', `if=sd,format=raw,file=${card.file}`];
  return ['-M', 'raspi3b', '-dtb', tree, ...common, ...drive, '-device', 'usb-net,netdev=net'];
}
