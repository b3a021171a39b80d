import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { needBundle } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { mcubootImage } from '../support/mcuboot-image.ts';
import { nobodyMissing, nobodyUid, runFromCopy } from '../support/nobody.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';

const what = 'qn-agent flash-mcu, begun by root';
const missing = nobodyMissing ?? ptyMissing;

describe.skipIf(missing !== undefined)(missing === undefined ? what : `${what} (${missing})`, () => {
  beforeAll(needBundle);

  it('leaves nothing in the state folder that the user of the agent could not write', {
    timeout: 120_000,
  }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-root-'));
    chmodSync(folder, 0o755);
    await using pair = await openPtyPair(); // Nobody is at the other end.
    const [board, state] = [path.join(folder, 'board'), path.join(folder, 'state')];
    createSimulatedBoard(board, ['GPIO4']);
    mkdirSync(state, { mode: 0o750 });
    for (const file of [state, pair.left]) chownSync(file, nobodyUid, nobodyUid);
    const documents = [`firmware.mcu0: { driver: mcu, port: "${pair.left}", update: { over: smp } }`];
    const [configFile, imageFile] = [path.join(folder, 'config.yaml'), path.join(folder, 'image.bin')];
    writeFileSync(configFile, configText({ url: 'mqtt://127.0.0.1:9', board, state, documents }), { mode: 0o600 });
    writeFileSync(imageFile, mcubootImage([1, 0, 0, 0], new Uint8Array(3_000)), { mode: 0o600 });
    const { status, stderr } = runFromCopy(['flash-mcu', imageFile, '--config', configFile]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('it runs the program it has')]);
    const left = readdirSync(state, { recursive: true, encoding: 'utf8' });
    expect(left).toEqual(expect.arrayContaining(['firmware/firmware.mcu0/state.json']));
    expect(left.filter((name) => statSync(path.join(state, name)).uid !== nobodyUid)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
