import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TimedDiagnosis } from '../../agent/cli/doctor-run.ts';
import type { Finding } from '../../agent/doctor/check.ts';
import { distFolder, needBundle, startScript } from './agent-process.ts';

export interface DoctorBoard {
  readonly url?: string;
  /** More of the broker, as `, ca: …`. */
  readonly broker?: string;
  /** Lines below `mqtt:`. */
  readonly mqtt?: string;
  readonly gpio?: string;
  readonly documents?: string;
  readonly state?: string;
}

export interface Told extends TimedDiagnosis {
  /** Exit code. */
  readonly code: number | null;
}

/** A board in a folder of its own, and the doctor as it is shipped. */
export interface DoctorRig extends AsyncDisposable {
  readonly folder: string;
  /** The config file of the board; the path of it. */
  write(board: DoctorBoard): string;
  ask(config: string, options?: { readonly import?: string; readonly dist?: string }): Promise<Told>;
  find(board: DoctorBoard, code: string): Promise<Finding | undefined>;
}

export async function openDoctorRig(): Promise<DoctorRig> {
  await needBundle();
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-doctor-'));
  await chmod(folder, 0o755);
  const rig: DoctorRig = {
    folder,
    write: (board) => write(folder, board),
    ask,
    async find(board, code) {
      const { findings } = await ask(rig.write(board));
      return findings.find((finding) => finding.code === code);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  return rig;
}

function write(folder: string, board: DoctorBoard): string {
  const {
    url = 'mqtt://127.0.0.1:1',
    broker = '',
    mqtt = '',
    documents = '  gpio.a: { driver: gpio-out, line: GPIO17 }',
    gpio = `{ backend: simulated, board: ${path.join(folder, 'board')} }`,
    state = path.join(folder, 'state'),
  } = board;
  mkdirSync(path.join(folder, 'board', 'GPIO17'), { recursive: true });
  const file = path.join(folder, 'config.yaml');
  const text = `node: pi-1
mqtt:
  brokers: [{ url: "${url}"${broker} }]
${mqtt}
gpio: ${gpio}
state-folder: ${state}
documents:
${documents}
`;
  writeFileSync(file, text);
  return file;
}

export async function ask(
  config: string,
  options: { readonly import?: string; readonly dist?: string } = {},
): Promise<Told> {
  const program = path.join(options.dist ?? distFolder, 'qn-agent.cjs');
  const nodeArguments = options.import === undefined ? [] : ['--import', options.import];
  await using running = startScript(program, ['doctor', '--json', '--config', config], { nodeArguments });
  const { code } = await running.ended;
  const diagnosis: TimedDiagnosis = JSON.parse(running.out);
  return { ...diagnosis, code };
}
