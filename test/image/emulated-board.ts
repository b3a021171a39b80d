import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BootFiles, SdCard } from './sd-card.ts';

export const boardKinds = ['virt', 'raspi3b'] as const;
export type BoardKind = (typeof boardKinds)[number];

/** Unpacking Node takes minutes there when this machine is busy. */
const patience = { timeout: 900_000 };

const run = promisify(execFile);

export interface BoardPlan {
  readonly kind: BoardKind;
  readonly card: SdCard;
  readonly files: BootFiles;
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
  /** Into the folder in which one is after logging in. */
  copy(file: string): Promise<void>;
  /** From one moment to the next. */
  cutPower(): Promise<void>;
}

/** We are the firmware: the kernel, its options and its device tree come from the card. */
export function switchOn({ kind, card, files, folder, sshPort, sshKey, consoleLog }: BoardPlan): EmulatedBoard {
  const machine = spawn(
    'nice',
    ['-n', '5', 'qemu-system-aarch64', ...operands(kind, { card, files, folder, sshPort })],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log = createWriteStream(consoleLog, { flags: 'a' });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-200_000);
      log.write(chunk);
    });
  }
  // One connection for all of them: making one takes ten seconds in there.
  const kept = ['ControlMaster=auto', 'ControlPersist=60', `ControlPath=${path.join(folder, `ssh-${machine.pid}`)}`];
  const hasty = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'ConnectTimeout=60'];
  const options = [...kept, ...hasty];
  const login = ['-i', sshKey, ...options.flatMap((option) => ['-o', option])];
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
      const { stdout } = await run('ssh', [...login, '-p', String(sshPort), 'admin@127.0.0.1', command], patience);
      return stdout.trim();
    },
    async copy(file) {
      await run('scp', [...login, '-P', String(sshPort), file, 'admin@127.0.0.1:'], patience);
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
  { card, files, folder, sshPort }: Pick<BoardPlan, 'card' | 'files' | 'folder' | 'sshPort'>,
): readonly string[] {
  const network = `user,id=net,hostfwd=tcp:127.0.0.1:${sshPort}-:22`;
  const common = [
    ...['-nodefaults', '-nographic', '-serial', 'stdio', '-netdev', network],
    ...['-kernel', files.kernel, '-initrd', files.initrd],
    // A screen is no help here; and QEMU resets a raspi3b at once when somebody starts its watchdog.
    ...['-append', `${files.commandLine} console=ttyAMA0,115200 systemd.watchdog_sec=0`],
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
