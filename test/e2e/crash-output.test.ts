import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, projectFolder, startScript } from '../support/agent-process.ts';
import { makeCertificates } from '../support/certificates.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openRig } from '../support/rig.ts';

/**
 * Loaded before the agent, and before its guard, to which the kernel sends SIGUSR2. At SIGALRM it fails the way a library
 * would that hangs on its error what it was called with: the options of the TLS connection, the key among them, the
 * environment, and the password.
 */
const sabotage = `const tls = require('node:tls');
const { readFileSync } = require('node:fs');
const { connect } = tls;
let options;
tls.connect = (given, ...rest) => connect((options = given), ...rest);
process.on('SIGALRM', () => {
  const password = readFileSync(process.env.PASSWORD_FILE, 'utf8').trim();
  const details = { options, env: process.env, password, key: options.key };
  const error = Object.assign(new Error('planted crash'), details, { cause: Object.assign(new Error('its cause'), details) });
  const crashes = {
    exception: () => setImmediate(() => { throw error; }),
    rejection: () => void Promise.reject(error),
    object: () => setImmediate(() => { throw details; }),
    abort: () => process.abort(),
    memory: () => { for (const all = []; ; ) all.push(new Array(100_000).fill(all.length)); },
  };
  crashes[process.env.CRASH]();
});
`;

it('is no core, as a service', async () => {
  const unit = await readFile(path.join(projectFolder, 'build', 'systemd', 'qn-agent.service'), 'utf8');
  expect(unit.split('\n')).toContain('LimitCORE=0');
});

describeWithMosquitto('what is left of an agent that crashes', () => {
  it.each([
    ['an exception nobody catches', 'exception', { code: 70, signal: null }, 'planted crash'],
    ['a promise nobody waits for', 'rejection', { code: 70, signal: null }, 'its cause'],
    ['something thrown that is no error', 'object', { code: 70, signal: null }, 'thrown: object'],
    ['an abort of the runtime', 'abort', { code: null, signal: 'SIGABRT' }, 'JavaScript stack trace'],
    ['no memory any more', 'memory', { code: null, signal: 'SIGABRT' }, 'heap out of memory'],
  ])(
    'by %s has no secret in it',
    async (_, crash, end, says) => {
      const plant = (name: string) => `planted-${name}-${randomBytes(12).toString('hex')}`;
      const [password, token, unused] = [plant('password'), plant('token'), plant('variable')];
      await using certificates = await makeCertificates();
      const { folder } = certificates;
      const port = await freePort();
      const tls = [`cafile ${folder}/ca.pem`, `certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`];
      await using broker = await startMosquitto({
        port,
        config: () => [`listener ${port} 127.0.0.1`, ...tls, 'require_certificate true'],
      });
      const httpPort = await freePort();
      await using rig = await openRig({
        documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
        lines: ['GPIO17'],
        mqtt: ['username: board', `password: "file:${folder}/password"`],
        sections: `http: { port: ${httpPort}, token: "env:HTTP_SECRET" }`,
      });
      const files = `ca: ${folder}/ca.pem, cert: ${folder}/client.pem, key: "file:${folder}/client.key"`;
      const config = await readFile(rig.configFile, 'utf8');
      await writeFile(
        rig.configFile,
        config.replace(/- url: .*/, `- { url: "mqtts://localhost:${broker.port}", ${files} }`),
      );
      await writeFile(path.join(folder, 'password'), `${password}\n`, { mode: 0o600 });
      const preload = path.join(rig.folder, 'sabotage.cjs');
      await writeFile(preload, sabotage);
      const left = path.join(rig.folder, 'left');
      await mkdir(left);
      const reports = `--report-on-fatalerror --report-uncaught-exception --report-directory=${left}`;
      const env = {
        ...{ HTTP_SECRET: token, UNUSED_SECRET: unused, PASSWORD_FILE: path.join(folder, 'password'), CRASH: crash },
        NODE_OPTIONS: `${reports} --max-old-space-size=80`,
      };
      await using heard = await broker.collect('qn/1/pi-1/health/agent', {
        protocol: 'mqtts',
        host: 'localhost',
        ca: certificates.pem['ca.pem'],
        cert: certificates.pem['client.pem'],
        key: certificates.pem['client.key'],
      });
      const options = { env, cwd: left, nodeArguments: ['--require', preload] };
      await using agent = startScript(
        path.join(distFolder, 'qn-agent.cjs'),
        ['run', '--config', rig.configFile],
        options,
      );
      await heard.next(undefined, 15_000); // So it has used its password and its key.
      process.kill(agent.pid, 'SIGALRM');
      expect(await agent.ended).toEqual(end);

      const texts = await Promise.all((await readdir(left)).map((name) => readFile(path.join(left, name), 'latin1')));
      expect(texts).toHaveLength(crash === 'memory' ? 1 : 0);
      const said = [agent.out, agent.err, ...texts].join('\n');
      expect(said).toContain(says);
      const key = certificates.pem['client.key'].split('\n')[1] ?? '';
      expect(key.length).toBeGreaterThan(40);
      expect([password, token, unused, key].filter((secret) => said.includes(secret))).toEqual([]);
    },
    60_000,
  );
});
