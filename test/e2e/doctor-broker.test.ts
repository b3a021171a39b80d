import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { mqttChecks } from '../../agent/doctor/checks/mqtt.ts';
import { startAedes } from '../support/aedes.ts';
import { runProgram } from '../support/agent-process.ts';
import { signForDays } from '../support/authority.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type DoctorBoard, type DoctorRig, openDoctorRig } from '../support/doctor-rig.ts';
import {
  describeWithMosquitto,
  type Mosquitto,
  type MosquittoOptions,
  mosquittoPub,
  mosquittoSub,
  startMosquitto,
} from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { soundAgent, soundFacts } from '../support/sound-facts.ts';

/* Trouble with a broker, each made with a real one, and found by the program as it is shipped. */

vi.setConfig({ testTimeout: 90_000 }); // Each begins a process or two, and machines may be busy.

let rig: DoctorRig;
beforeEach(async () => {
  rig = await openDoctorRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

describe('the doctor and a broker that makes slashes of dots, as RabbitMQ does', () => {
  it.each([
    ['  gpio.a: { driver: gpio-out, line: GPIO17 }', ['MQTT-12']],
    ['  gpio-a: { driver: gpio-out, line: GPIO17 }', []],
  ])('MQTT-12 where a document has one: %s', async (documents, expected) => {
    await using broker = await startAedes(
      () => false,
      (topic) => topic.replaceAll('.', '/'),
    );
    const { findings } = await rig.ask(rig.write({ url: `mqtt://127.0.0.1:${broker.port}`, documents }));
    expect(findings.map(({ code }) => code).filter((code) => code.startsWith('MQTT'))).toEqual(expected);
  });
});

describeWithMosquitto('the doctor and the broker', () => {
  async function withBroker(options: MosquittoOptions, act: (broker: Mosquitto) => Promise<void>): Promise<void> {
    await using broker = await startMosquitto(options);
    await act(broker);
  }

  it('a sound board: nothing but what is known of this broker', async () => {
    await withBroker({}, async ({ url }) => {
      const { findings, checks } = await rig.ask(rig.write({ url }));
      expect(findings.filter(({ code }) => code !== 'MQTT-08' && code !== 'SYS-01')).toEqual([]);
      const rows = checks.filter(({ code }) => code.startsWith('MQTT') && code !== 'MQTT-08');
      expect(rows.filter(({ status }) => status !== 'ok').map(({ code }) => code)).toEqual([
        'MQTT-07',
        'MQTT-09',
        'MQTT-11',
      ]);
    });
  });

  it('ends with 0 when nothing is wrong, with 1 for a warning, with 2 for what does not work', async () => {
    await withBroker({}, async ({ url }) => {
      const file = rig.write({ url });
      // What is known of this machine and this broker is not what is asked here.
      const end = async () =>
        (await runProgram('qn-agent', ['doctor', '--ignore', 'MQTT-08,SYS-01', '--config', file])).code;
      expect(await end()).toBe(0);
      mkdirSync(path.join(rig.folder, 'conf.d'));
      writeFileSync(path.join(rig.folder, 'conf.d', 'more.yml'), 'node: x\n');
      expect(await end()).toBe(1);
      rig.write({ url: 'mqtt://127.0.0.1:1' });
      expect(await end()).toBe(2);
    });
  });

  it('MQTT-01: a name that does not resolve', async () => {
    expect(await rig.find({ url: 'mqtt://no-such-host.invalid' }, 'MQTT-01')).toMatchObject({
      cause: expect.stringContaining('no-such-host.invalid'),
    });
  });

  it('MQTT-02: nobody there', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    expect(await rig.find({ url }, 'MQTT-02')).toMatchObject({ cause: expect.stringContaining('ECONNREFUSED') });
  });

  it('MQTT-05: a wrong password, with the command that writes the right one', async () => {
    await withBroker({ users: { 'pi-1': 'right' } }, async ({ url }) => {
      const password = path.join(rig.folder, 'password');
      writeFileSync(password, 'wrong\n', { mode: 0o600 });
      const mqtt = `  username: pi-1\n  password: "file:${password}"`;
      const { code, findings } = await rig.ask(rig.write({ url, mqtt }));
      const told = findings.find((finding) => finding.code === 'MQTT-05');
      expect([code, told?.severity, told?.cause]).toEqual([
        2,
        'problem',
        expect.stringContaining('wrong user, password'),
      ]);
      expect(told?.fix).toContain(`tee ${password}`);
      writeFileSync(password, 'right\n');
      expect(
        (await rig.ask(rig.write({ url, mqtt }))).findings.find((finding) => finding.code === 'MQTT-05'),
      ).toBeUndefined();
    });
  });

  it.each([
    ['publish', 'topic read qn/1/pi-1/#\n', 'event/doctor'],
    ['subscribe', 'topic write qn/1/pi-1/#\n', 'notify/+'],
  ])('MQTT-06: it may not %s', async (what, acl, below) => {
    const config = (at: string) => [`acl_file ${at}/acl`];
    await withBroker({ config, files: { acl } }, async ({ url }) => {
      const told = await rig.find({ url }, 'MQTT-06');
      // mosquitto grants a subscription it will send nothing for; a publish it refuses.
      if (what === 'publish') expect(told?.cause).toContain(`publish qn/1/pi-1/${below}`);
      else expect(told?.cause ?? `subscribe qn/1/pi-1/${below}`).toContain(`subscribe qn/1/pi-1/${below}`);
    });
  });

  it.each([
    ['a board with a name', { 'pi-1': 'a', ops: 'b' }],
    ['a board without one', undefined],
  ])('MQTT-06: what it names for an acl_file mends it for %s', async (_, users) => {
    const acl = path.join(rig.folder, 'acl');
    writeFileSync(acl, 'topic read nothing\nuser ops\ntopic readwrite #\n');
    const config = () => [`acl_file ${acl}`, 'allow_anonymous true'];
    const mqtt = users && '  username: pi-1\n  password: "env:BOARD"';
    vi.stubEnv('BOARD', 'a');
    onTestFinished(() => void vi.unstubAllEnvs());
    const told = async () => {
      await using broker = await startMosquitto({ config, ...(users && { users }) });
      return (await rig.find({ url: broker.url, ...(mqtt && { mqtt }) }, 'MQTT-06'))?.fix;
    };
    const [edit = '', reload] = (await told())?.split(' && ') ?? [];
    expect(reload).toBe('sudo systemctl reload mosquitto');
    expect(edit).toContain('/etc/mosquitto/acl');
    execFileSync('sh', ['-c', edit.replaceAll('sudo ', '').replaceAll('/etc/mosquitto/acl', acl)]);
    expect(readFileSync(acl, 'utf8')).toMatch(/user ops\ntopic readwrite #\n(user|$)/);
    expect(await told()).toBeUndefined();
  });

  it('MQTT-09: what it names has mosquitto keep what is retained, with a folder of its own or that of before', async () => {
    const at = path.join(rig.folder, 'mosquitto');
    mkdirSync(path.join(at, 'conf.d'), { recursive: true });
    chmodSync(at, 0o777);
    writeFileSync(path.join(at, 'conf.d', 'old.conf'), 'persistence false\n');
    const check = mqttChecks.find(({ code }) => code === 'MQTT-09');
    const told = check?.judge({ ...soundFacts, agent: { ...soundAgent, health: { retained_lost: 1 } } });
    const [finding] = told === 'unknown' || told === undefined ? [] : told;
    const fix = finding?.fix ?? '';
    const here = fix.replaceAll('/etc/mosquitto', at).replaceAll('/var/lib/mosquitto/', `${at}/`);
    expect(here).toContain(' && sudo systemctl restart mosquitto');
    const config = () => [`include_dir ${at}/conf.d`, 'allow_anonymous true'];
    const act = () =>
      execFileSync('sh', ['-c', here.replaceAll('sudo ', '').replace(' && systemctl restart mosquitto', '')]);
    await withBroker({ config }, async (broker) => {
      for (const payload of ['first', 'second']) {
        await broker.stop();
        act(); // Also once more.
        await broker.start();
        await mosquittoPub(['-p', String(broker.port), '-t', 'kept', '-r', '-q', '1', '-m', payload]);
        await broker.stop();
        await broker.start();
        const heard = await mosquittoSub(['-p', String(broker.port), '-t', 'kept', '-C', '1', '-W', '10']);
        expect(heard.trim()).toBe(payload);
      }
    });
  });

  it('MQTT-08: a version with known bugs, where it is one', async () => {
    await withBroker({}, async ({ url }) => {
      const told = await rig.find({ url }, 'MQTT-08');
      const version = /(\d+)\.(\d+)\.(\d+)/.exec(told?.cause ?? '');
      if (told !== undefined) expect(Number(version?.[3])).toBeLessThan(19);
    });
  });

  describe('over TLS', () => {
    let made: Certificates;
    beforeEach(async () => {
      made = await makeCertificates();
    });
    afterEach(() => made[Symbol.asyncDispose]());

    async function withCertificate(file: string, act: (board: DoctorBoard) => Promise<void>): Promise<void> {
      const port = await freePort();
      const at = (name: string) => path.join(made.folder, name);
      const config = () => [
        `listener ${port} 127.0.0.1`,
        `certfile ${file}`,
        `keyfile ${at('server.key')}`,
        'allow_anonymous true',
      ];
      await withBroker({ port, config }, async () =>
        act({ url: `mqtts://localhost:${port}`, broker: `, ca: ${at('ca.pem')}` }),
      );
    }

    it('a certificate for two more days: MQTT-04 as a warning, for the broker and for the authority', async () => {
      await withCertificate(path.join(made.folder, 'server.pem'), async (board) => {
        const { findings } = await rig.ask(rig.write(board));
        const old = findings
          .filter(({ code }) => code === 'MQTT-04')
          .map(({ severity, cause }) => `${severity}: ${cause}`);
        expect(old).toEqual([
          expect.stringMatching(/^warning: the certificate of the broker mqtts:.*expires in [12] days/),
          expect.stringMatching(/^warning: the certificate .*ca\.pem expires in [12] days/),
        ]);
        expect(findings.some(({ severity }) => severity === 'problem')).toBe(false);
      });
    });

    it('MQTT-04: one that has expired', async () => {
      await withCertificate(await signForDays(made.folder, '20200101', '20210101'), async (board) => {
        const { code, findings } = await rig.ask(rig.write(board));
        expect(code).toBe(2);
        expect(findings.find((finding) => finding.code === 'MQTT-04')).toMatchObject({
          severity: 'problem',
          cause: expect.stringContaining('has expired on 2021-01-01'),
          fix: expect.stringContaining('openssl s_client -connect localhost:'),
        });
      });
    });

    it('MQTT-03: one that is not valid yet, while nobody sets the clock', async () => {
      await withCertificate(await signForDays(made.folder, '20990101', '20991231'), async (board) => {
        expect(await rig.find(board, 'MQTT-03')).toMatchObject({
          cause: expect.stringContaining('from 2099-01-01 on: this board has'),
          fix: 'sudo timedatectl set-ntp true',
        });
      });
    });

    it('MQTT-10: an authority nobody knows, and something that is no TLS', async () => {
      await withCertificate(path.join(made.folder, 'server.pem'), async ({ url = '' }) => {
        expect(await rig.find({ url }, 'MQTT-10')).toMatchObject({
          severity: 'problem',
          fix: expect.stringContaining('`ca`'),
        });
        expect(await rig.find({ url: url.replace('mqtts:', 'mqtt:') }, 'MQTT-02')).toMatchObject({
          severity: 'problem',
        });
      });
    });
  });
});
