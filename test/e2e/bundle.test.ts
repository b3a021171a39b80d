import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, needBundle, startScript } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { ptyMissing } from '../support/pty.ts';
import { openRig } from '../support/rig.ts';
import { openSerialWire } from './serial-wire.ts';

interface Meta {
  readonly inputs: { readonly [file: string]: object };
}

function readMeta(program: string): Meta {
  return JSON.parse(readFileSync(path.join(distFolder, `${program}.meta.json`), 'utf8'));
}

/** Tells which modules of Node.js are there when the agent connects for the first time. */
const connectSpy = `
  const { Socket } = require('node:net');
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (...args) {
    Socket.prototype.connect = connect;
    const loaded = process.moduleLoadList.flatMap((name) => /^NativeModule (?!internal)(.*)$/.exec(name)?.slice(1) ?? []);
    process.stderr.write('loaded: ' + loaded.join(' ') + '\\n');
    return connect.apply(this, args);
  };
`;

describeWithMosquitto('the bundle and its native files alone in an empty folder', () => {
  it.skipIf(ptyMissing)('drives a serial pty, with no node_modules in reach', async () => {
    await needBundle();
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-alone-'));
    try {
      for (const part of ['qn-agent.cjs', 'native']) {
        cpSync(path.join(distFolder, part), path.join(folder, part), { recursive: true });
      }
      await using broker = await startMosquitto();
      await using wire = await openSerialWire();
      const documents = [
        `serial.x: { driver: serial-line, port: ${wire.port}, delimiter: "\\r\\n", append: "\\r\\n" }`,
        `mcu.far: { driver: mcu, port: "simulated:${folder}/far.sock" }`,
      ];
      const config = configText({ url: broker.url, board: folder, state: path.join(folder, 'state'), documents });
      const more = `\nhttp: { socket: ${folder}/http.sock }\nhome-assistant: {}\n`;
      await writeFile(path.join(folder, 'config.yaml'), config + more);
      await using listener = await openListener(broker.port);
      const env = { NODE_PATH: '', PATH: '/nowhere' };
      await using agent = startScript('qn-agent.cjs', ['run', '--config', 'config.yaml'], { cwd: folder, env });
      const birth = await listener.hear({ verb: 'health' }, 15_000);
      // What lies in parts is not there; each is told, with the way out, and stops nothing else.
      expect([statusOf(birth), agent.err]).toEqual(['degraded', '']);
      for (const missing of ['no page', 'not announced to Home Assistant', 'the part open-mcu of the agent']) {
        expect(agent.out).toMatch(new RegExp(`${missing}.*copy the folder parts beside the program`));
      }
      await listener.say('qn/1/pi-1/notify/serial.x', 'TARE');
      expect((await wire.receive(6)).toString()).toBe('TARE\r\n');
      wire.send('12.5 kg\r\n');
      await listener.hear({ verb: 'event', document: 'serial.x', value: '12.5 kg' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.skipIf(ptyMissing)('without the native file of serial ports says so, and not to look at the wiring', async () => {
    await needBundle();
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-no-native-'));
    for (const part of ['qn-agent.cjs', 'parts', 'native']) {
      cpSync(path.join(distFolder, part), path.join(folder, part), { recursive: true });
    }
    for (const file of globSync(path.join(folder, 'native', '*', 'serialport.node'))) rmSync(file);
    await using wire = await openSerialWire();
    const documents = [`serial.x: { driver: serial-line, port: ${wire.port} }`];
    const place = { url: 'mqtt://127.0.0.1:1', board: folder, state: path.join(folder, 'state') };
    await writeFile(path.join(folder, 'config.yaml'), configText({ ...place, documents }));
    const args = ['selftest', '--mode', 'quick', '--config', 'config.yaml', '--output', 'json'];
    await using selftest = startScript('qn-agent.cjs', args, { cwd: folder });
    await selftest.ended;
    const { tests }: { tests: readonly { readonly id: string; readonly fix?: string }[] } = JSON.parse(selftest.out);
    expect(tests.find(({ id }) => id === 'driver.serial.x')).toMatchObject({
      detail: expect.stringContaining('serialport.node'),
      fix: expect.stringContaining('install the agent'),
    });
  });

  it('calls the broker before it loads what can wait', async () => {
    await needBundle();
    await using rig = await openRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
    });
    const spy = path.join(rig.folder, 'spy.cjs');
    await writeFile(spy, connectSpy);
    const args = ['run', '--config', rig.configFile];
    await using agent = startScript(path.join(distFolder, 'qn-agent.cjs'), args, { nodeArguments: ['-r', spy] });
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
    const [, loaded = ''] = /^loaded: (.*)$/m.exec(agent.err) ?? [];
    expect(loaded.split(' ')).toContain('net');
    expect(
      loaded.split(' ').filter((name) => /^(assert.*|crypto|tls|child_process|v8|http|sqlite)$/.test(name)),
    ).toEqual([]);
    expect(await agent.end('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('keeps what was compiled where the unit says, and starts from it', async () => {
    await needBundle();
    await using rig = await openRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
    });
    const env = { NODE_COMPILE_CACHE: path.join(rig.folder, 'compiled') };
    const code = path.join(rig.folder, 'compiled', 'qn-agent.cjs.code');
    const written: number[] = [];
    for (const value of [true, false]) {
      await using agent = startScript(path.join(distFolder, 'qn-agent.cjs'), ['run', '--config', rig.configFile], {
        env,
      });
      await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
      await rig.say('notify/gpio.relay1', value ? 'ON' : 'OFF');
      await rig.hear({ verb: 'state', document: 'gpio.relay1', value });
      expect(await agent.end('SIGTERM')).toMatchObject({ code: 0 });
      expect(agent.err).toBe('');
      written.push(statSync(code).mtimeMs);
    }
    expect(written[1]).toBe(written[0]);
    expect(statSync(code).size).toBeGreaterThan(500_000); // Functions that ran are in it: the text alone gives some 230 kB.
  });

  it.each(['qn-agent', 'qnctl'])('%s stays within its budget and carries nothing for browsers', async (program) => {
    await needBundle();
    const { inputs } = readMeta(program);
    const { size: bytes } = statSync(path.join(distFolder, `${program}.cjs`));
    expect(bytes).toBeGreaterThan(100_000); // Or it is not the bundle that was measured.
    expect(bytes).toBeLessThanOrEqual(700_000);
    const files = Object.keys(inputs);
    expect(files.some((file) => file.includes('node_modules/mqtt/'))).toBe(true);
    for (const name of ['ws', 'socks', 'worker-timers', 'readable-stream']) {
      expect(files.filter((file) => file.includes(`node_modules/${name}/`))).toEqual([]);
    }
  });
});
